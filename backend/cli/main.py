"""The command `dubline`: all else is imported here, so that Ctrl-C is answered from the start."""

import sys

STOPPED = 130  # as a shell tells of a command that SIGINT ended


def main() -> None:
    """Run the command that was given."""
    try:
        from backend.cli import command_line

        command_line.run()
    except KeyboardInterrupt:
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
