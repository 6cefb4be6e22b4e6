"""What an API refuses, told to whoever runs a command."""

import click
import httpx


class ApiError(click.ClickException):
    """The API refused; the message is the problem's detail."""

    def __init__(self, response: httpx.Response) -> None:
        problem = response.json() if "json" in response.headers.get("content-type", "") else {}
        detail = problem.get("detail") or f"{response.status_code} {response.reason_phrase}"
        if response.status_code == httpx.codes.UNAUTHORIZED:
            detail = f"{detail} (set DUBLINE_API_KEY)"
        super().__init__(detail)
        self.status = response.status_code
