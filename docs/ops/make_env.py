"""Print the settings that docker-compose.yml demands, with secrets of their own."""

import sys
from secrets import token_hex

for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "MINIO_SECRET_KEY"):
    sys.stdout.write(f"{name}={token_hex(32)}\n")
sys.stdout.write(f"FLOWER_BASIC_AUTH=dubline:{token_hex(16)}\n")
