from sqlalchemy import select
from backend.core.db import Database, from_now
from tests import factories
import pytest
@pytest.mark.parametrize("s",[1e-7,1e-5,0,1,1.5,1e9,-3])
def test_x(database, s):
    factories.do_all(database, factories.dub(database)[1])
    with database.read() as c:
        print(c.execute(select(from_now(s))).scalar_one())
def test_r(redis_url): pass
def test_s3(s3_settings): print(s3_settings)
