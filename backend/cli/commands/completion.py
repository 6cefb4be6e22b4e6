"""`dubline completion`."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what lets SHELL complete commands and options.

    In ~/.bashrc: eval "$(dubline completion bash)"; likewise in ~/.zshrc; and in fish
    dubline completion fish > ~/.config/fish/completions/dubline.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"{shell} is not known to this version of click")
    click.echo(found(context.find_root().command, {}, "dubline", "_DUBLINE_COMPLETE").source())
