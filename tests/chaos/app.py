"""The workers' app with providers that count what is bought: `celery -A tests.chaos.app`."""

import sys

from tests.chaos import vendor
from workers.app import app

sys.modules["workers.providers.stub"] = vendor

__all__ = ["app"]
