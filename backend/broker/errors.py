"""What goes wrong with a broker; nobody else has to know whether it is Redis or a folder."""


def list_broker_errors() -> tuple[type[Exception], ...]:
    """Out of reach: what was to be sent is in the database, and is sent later.

    For `except`, which asks only when something went wrong: until then nobody imports the clients.
    """
    from kombu.exceptions import OperationalError
    from redis import RedisError

    return OperationalError, RedisError, OSError
