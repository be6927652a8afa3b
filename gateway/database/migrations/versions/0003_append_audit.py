"""The audit's chain is linked by the database itself, in one round trip under its lock."""

from alembic import op

revision = "0003"
down_revision = "0002"

# Each statement of a volatile function takes its own snapshot, so the head is read after the lock is held.
APPEND = """
CREATE FUNCTION append_audit(event text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    previous text;
BEGIN
    PERFORM pg_advisory_xact_lock(1635083369);
    SELECT seq, hash INTO number, previous FROM audit_events ORDER BY seq DESC LIMIT 1;
    number := coalesce(number, 0) + 1;
    previous := coalesce(previous, repeat('0', 64));
    INSERT INTO audit_events
    SELECT (jsonb_populate_record(NULL::audit_events, event::jsonb || jsonb_build_object(
        'seq', number,
        'previous_hash', previous,
        'hash', encode(sha256(convert_to(previous || number || event, 'UTF8')), 'hex')
    ))).*;
    RETURN number;
END
$$
"""


def upgrade() -> None:
    """Make the function."""
    op.execute(APPEND)
