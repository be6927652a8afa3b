"""Idempotency keys refer to the records that they created; the stored answers, which name patients, go."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0009"

# The institution of a key is that of its record. A key whose record was deleted is dropped with its answer.
REFER = """
WITH refers AS (
    SELECT principal, key, substring(headers ->> 'Location' FROM '[0-9a-f-]{36}$')::uuid AS id FROM idempotency_keys
), records AS (
    SELECT id, institution FROM patients UNION ALL SELECT id, institution FROM scans
)
UPDATE idempotency_keys AS known
SET record_id = records.id, institution = records.institution,
    key = encode(sha256(convert_to(known.key, 'UTF8')), 'hex')
FROM refers JOIN records USING (id)
WHERE known.principal = refers.principal AND known.key = refers.key
"""
FORGET = """
CREATE FUNCTION forget_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE idempotency_keys SET fingerprint = NULL WHERE record_id = OLD.id;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    """Replace the answers by references."""
    op.add_column("idempotency_keys", sa.Column("institution", sa.Text))
    op.add_column("idempotency_keys", sa.Column("record_id", sa.Uuid))
    op.execute(REFER)
    op.execute("DELETE FROM idempotency_keys WHERE record_id IS NULL")
    for name in ("status", "headers", "body"):
        op.drop_column("idempotency_keys", name)
    op.alter_column("idempotency_keys", "institution", nullable=False)
    op.alter_column("idempotency_keys", "record_id", nullable=False)
    op.alter_column("idempotency_keys", "fingerprint", nullable=True)
    op.drop_constraint("pk_idempotency_keys", "idempotency_keys")
    op.create_primary_key("pk_idempotency_keys", "idempotency_keys", ["institution", "principal", "key"])
    op.create_index("ix_idempotency_keys_record_id", "idempotency_keys", ["record_id"])
    op.execute(FORGET)
    for table in ("patients", "scans"):
        op.execute(
            f"CREATE TRIGGER forget_request AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION forget_request()"
        )
