"""What mails to users say: subject and text of each."""

Mail = tuple[str, str]


def confirm_address(token: str, app_url: str) -> Mail:
    """To an address whose account is to be opened, or that is to become an account's."""
    text = f"""\
To confirm this address for Dubline {_tell_how(token, app_url, "confirm-email")}

It works once, for two days. If you did not ask for this, do nothing.
"""
    return "Confirm your mail address", text


def reset_password(token: str, app_url: str) -> Mail:
    """To who forgot the password."""
    text = f"""\
To choose another password {_tell_how(token, app_url, "reset-password")}

It works once, for an hour. If you did not ask for this, do nothing.
"""
    return "Choose another password", text


def tell_of_account(app_url: str) -> Mail:
    """To who has an account already and asks for one, or somebody who does in their name."""
    where = f" at {app_url}" if app_url else ""
    text = f"""\
Somebody asked for a Dubline account with this address, which has one. If it was you, log in{where},
or ask for another password. If not, do nothing.
"""
    return "You have an account already", text


PASSWORD_CHANGED: Mail = (
    "Your password was changed",
    """\
The password of your Dubline account was changed, and all sessions were ended. If it was not you,
ask for another password now.
""",
)
ADDRESS_CHANGES: Mail = (
    "Your mail address is being changed",
    """\
Somebody who knows your password asked for another mail address for your Dubline account. If it was
not you, change your password now.
""",
)


def _tell_how(token: str, app_url: str, page: str) -> str:
    # Behind the #: neither a server's log nor the next page's Referer gets it.
    if app_url:
        return f"open\n\n{app_url}/{page}#token={token}"
    return f"send this token:\n\n{token}"
