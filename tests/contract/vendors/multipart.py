"""Forms as clients send them."""

from email import message_from_bytes
from email.message import Message

from tests.contract.vendors.server import Asked


def read_form(asked: Asked) -> tuple[dict[str, list[str]], bytes]:
    """The fields by name, and the one file."""
    head = f"content-type: {asked.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + asked.body)
    fields: dict[str, list[str]] = {}
    files = []
    for part in message.get_payload():
        assert isinstance(part, Message)
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename():
            assert name == "file"
            files.append(content)
        else:
            fields.setdefault(str(name), []).append(content.decode())
    [file] = files
    return fields, file
