"""The socket that the API listens on."""

import socket


def listen(host: str, port: int) -> socket.socket:
    """Take this address, at port 0 one with a free port, and keep it until the socket is closed."""
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(address[:2], family=family)
