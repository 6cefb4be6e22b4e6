"""What goes wrong with a broker; nobody else has to know whether it is Redis or a folder."""

from kombu.exceptions import OperationalError
from redis import RedisError

# Out of reach: what was to be sent is in the database, and is sent later.
BROKER_ERRORS = (OperationalError, RedisError, OSError)
