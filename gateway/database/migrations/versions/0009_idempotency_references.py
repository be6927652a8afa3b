"""Idempotency keys refer to the records that they created; the stored answers, which name patients, go."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# The institution of a key is that of its record. A key whose record was deleted is dropped with its answer.
REFER = """
INSERT INTO idempotency_references (institution, principal, key, fingerprint, record_id, created_at)
SELECT records.institution, principal, encode(sha256(convert_to(key, 'UTF8')), 'hex'), fingerprint, records.id,
       known.created_at
FROM idempotency_keys AS known
JOIN (SELECT id, institution FROM patients UNION ALL SELECT id, institution FROM scans) AS records
    ON records.id = substring(headers ->> 'Location' FROM '[0-9a-f-]{36}$')::uuid
"""

# The table of the answers stays one release longer, for gateways of the old one that run during the upgrade.
FORGET = """
CREATE FUNCTION forget_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE idempotency_references SET fingerprint = NULL WHERE record_id = OLD.id;
    DELETE FROM idempotency_keys WHERE headers ->> 'Location' LIKE '%/' || OLD.id;
    RETURN NULL;
END
$$
"""
FORGETS = """
CREATE TRIGGER forget_request AFTER DELETE ON {} FOR EACH ROW EXECUTE FUNCTION forget_request()
"""


def upgrade() -> None:
    """Make the table of references from the answers, and delete these."""
    op.create_table(
        "idempotency_references",
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "principal", "key", name="pk_idempotency_references"),
    )
    op.create_index("ix_idempotency_references_created_at", "idempotency_references", ["created_at"])
    op.create_index("ix_idempotency_references_record_id", "idempotency_references", ["record_id"])
    op.execute(REFER)
    op.execute("DELETE FROM idempotency_keys")
    op.execute(FORGET)
    for table in ("patients", "scans"):
        op.execute(FORGETS.format(table))
