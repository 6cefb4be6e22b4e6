// A client as somebody would write it: it compiles only if what answers promise is in their types.
import type { components, paths } from "./dubline";

type Job = components["schemas"]["JobView"];
type Request = paths["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"];

export async function dub(api: string, mediaId: string): Promise<Job> {
  const request: Request = { mediaId, targetLanguages: ["es", "pt-BR"] };
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${api}/v1/jobs`, { method: "POST", headers, body: JSON.stringify(request) });
  let job = (await answer.json()) as Job;
  while (job.status === "running") job = (await (await fetch(`${api}/v1/jobs/${job.id}`)).json()) as Job;
  const failed = job.languages.filter((one) => one.status === "failed").flatMap((one) => one.stages);
  console.log(job.progress.toFixed(2), failed.map((one) => one.error?.message ?? one.state.toUpperCase()));
  return job;
}
