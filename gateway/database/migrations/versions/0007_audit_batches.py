"""Audit events wait beside the chain and are sealed into it in batches, so that writers do not wait for each other.

`append_audit` keeps its name: gateways of the release before this one go on with it during an update.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

# The columns of the chain's rows, with their constraints: what could not be sealed is refused with its action.
APPEND = """
CREATE OR REPLACE FUNCTION append_audit(event text) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO audit_pending
    SELECT * FROM jsonb_populate_record(NULL::audit_pending, event::jsonb || jsonb_build_object(
        'id', nextval('audit_pending_id_seq'), 'canonical', event
    ))
    RETURNING id
$$
"""
# Each statement of a volatile function takes its own snapshot, so the head is read after the lock is held.
SEAL = """
CREATE FUNCTION seal_audit(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    previous text;
    own text;
    waiting audit_pending;
    sealed bigint[] := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(1635083369);
    SELECT seq, hash INTO number, previous FROM audit_events ORDER BY seq DESC LIMIT 1;
    number := coalesce(number, 0);
    previous := coalesce(previous, repeat('0', 64));
    FOR waiting IN SELECT * FROM audit_pending ORDER BY id LIMIT most LOOP
        number := number + 1;
        own := encode(sha256(convert_to(previous || number || waiting.canonical, 'UTF8')), 'hex');
        INSERT INTO audit_events VALUES (
            number, waiting.at, waiting.actor, waiting.actor_kind, waiting.role, waiting.institution, waiting.action,
            waiting.entity, waiting.entity_id, waiting.outcome, waiting.address, waiting.request_id, waiting.detail,
            previous, own
        );
        previous := own;
        sealed := sealed || waiting.id;
    END LOOP;
    PERFORM set_config('turnstile.sealing', 'on', true);
    DELETE FROM audit_pending WHERE id = ANY(sealed);
    PERFORM set_config('turnstile.sealing', 'off', true);
    RETURN cardinality(sealed);
END
$$
"""
KEPT = """
CREATE TRIGGER audit_pending_is_kept BEFORE UPDATE OR TRUNCATE ON audit_pending
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
ONLY_SEALED = """
CREATE TRIGGER audit_pending_is_sealed BEFORE DELETE ON audit_pending
FOR EACH STATEMENT WHEN (current_setting('turnstile.sealing', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Make the table, its triggers and the functions. The chain stays as it is."""
    op.create_table(
        "audit_pending",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("entity_id", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("detail", JSONB(none_as_null=True), nullable=False),
        sa.Column("canonical", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_pending"),
    )
    for statement in (APPEND, SEAL, KEPT, ONLY_SEALED):
        op.execute(statement)
