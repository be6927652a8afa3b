-- What Turnstile keeps. The Python of these tables, with what each is for, is gateway/store/tables.

-- Every three letters of a text: a GIN index of them finds words anywhere in it, with no extension to install.
CREATE FUNCTION trigrams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(words, place, 3)), '{}') FROM generate_series(1, length(words) - 2) AS place
$$;

CREATE TABLE patients (
    id UUID NOT NULL,
    institution TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    description TEXT,
    pseudonym TEXT NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    search TEXT GENERATED ALWAYS AS (
        lower(first_name || ' ' || last_name || ' ' || first_name || ' ' || coalesce(description, ''))
    ) STORED NOT NULL,
    CONSTRAINT pk_patients PRIMARY KEY (id)
);
CREATE INDEX ix_patients_name ON patients (institution, last_name, first_name, id);
CREATE INDEX ix_patients_newest ON patients (institution, created_at, id);
CREATE INDEX ix_patients_words ON patients USING gin (trigrams(search));
CREATE UNIQUE INDEX uq_patients_pseudonym ON patients (institution, pseudonym);

CREATE TABLE blobs (
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_blobs PRIMARY KEY (sha256),
    CONSTRAINT ck_blobs_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$')
);

CREATE TABLE scans (
    id UUID NOT NULL,
    institution TEXT NOT NULL,
    patient_id UUID NOT NULL,
    description TEXT,
    file_name TEXT NOT NULL,
    patient_words TEXT DEFAULT '' NOT NULL,
    sha256 TEXT NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    status TEXT DEFAULT 'received' NOT NULL,
    urgent BOOLEAN DEFAULT 'false' NOT NULL,
    study_uid TEXT,
    verdict TEXT,
    probability DOUBLE PRECISION,
    finding TEXT,
    error TEXT,
    analysis_id UUID,
    search TEXT GENERATED ALWAYS AS (
        lower(patient_words || ' ' || file_name || ' ' || coalesce(description, '') || ' ' || coalesce(study_uid, ''))
    ) STORED NOT NULL,
    rank SMALLINT GENERATED ALWAYS AS (CASE WHEN verdict = 'pathology' THEN 0
        WHEN verdict = 'not_analysed' OR status = 'failed' THEN 1
        WHEN verdict = 'normal' THEN 2
        ELSE 3 END) STORED NOT NULL,
    CONSTRAINT pk_scans PRIMARY KEY (id),
    CONSTRAINT ck_scans_status CHECK (status IN ('received', 'queued', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT ck_scans_verdict CHECK (verdict IN ('normal', 'pathology', 'not_analysed')),
    CONSTRAINT fk_scans_patient_id FOREIGN KEY(patient_id) REFERENCES patients (id) ON DELETE CASCADE,
    CONSTRAINT fk_scans_sha256 FOREIGN KEY(sha256) REFERENCES blobs (sha256)
);
CREATE INDEX ix_scans_kinds ON scans (institution, status, verdict);
CREATE INDEX ix_scans_newest ON scans (institution, created_at, id);
CREATE INDEX ix_scans_of_patient ON scans (patient_id, created_at, id);
CREATE INDEX ix_scans_sha256 ON scans (sha256);
CREATE INDEX ix_scans_status ON scans (institution, status, created_at, id);
CREATE INDEX ix_scans_suspicion ON scans (institution, rank DESC, probability NULLS FIRST, created_at, id);
CREATE INDEX ix_scans_verdict ON scans (institution, verdict, created_at, id);
CREATE INDEX ix_scans_words ON scans USING gin (trigrams(search));

CREATE TABLE analyses (
    id UUID NOT NULL,
    scan_id UUID NOT NULL,
    institution TEXT NOT NULL,
    state TEXT DEFAULT 'queued' NOT NULL,
    stage TEXT,
    slices_done INTEGER DEFAULT '0' NOT NULL,
    slices_total INTEGER DEFAULT '0' NOT NULL,
    urgent BOOLEAN DEFAULT 'false' NOT NULL,
    attempt INTEGER DEFAULT '0' NOT NULL,
    cancel_requested BOOLEAN DEFAULT 'false' NOT NULL,
    model_card TEXT,
    error TEXT,
    detail TEXT,
    requested_by TEXT NOT NULL,
    queued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_analyses PRIMARY KEY (id),
    CONSTRAINT ck_analyses_state CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT fk_analyses_scan_id FOREIGN KEY(scan_id) REFERENCES scans (id) ON DELETE CASCADE
);
CREATE INDEX ix_analyses_of_scan ON analyses (scan_id, queued_at, id);
CREATE INDEX ix_analyses_unfinished ON analyses (state, queued_at) WHERE state IN ('queued', 'running');
CREATE UNIQUE INDEX uq_analyses_unfinished ON analyses (scan_id) WHERE state IN ('queued', 'running');

CREATE TABLE attempts (
    analysis_id UUID NOT NULL,
    number INTEGER NOT NULL,
    model_card TEXT,
    worker TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    heartbeat_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    timings JSONB,
    error TEXT,
    detail TEXT,
    CONSTRAINT pk_attempts PRIMARY KEY (analysis_id, number),
    CONSTRAINT fk_attempts_analysis_id FOREIGN KEY(analysis_id) REFERENCES analyses (id) ON DELETE CASCADE
);

CREATE TABLE reports (
    id UUID NOT NULL,
    analysis_id UUID NOT NULL,
    scan_id UUID NOT NULL,
    institution TEXT NOT NULL,
    model_card TEXT,
    verdict TEXT NOT NULL,
    probability DOUBLE PRECISION,
    finding TEXT,
    version INTEGER DEFAULT '1' NOT NULL,
    body JSONB NOT NULL,
    evidence_key TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_reports PRIMARY KEY (id),
    CONSTRAINT ck_reports_verdict CHECK (verdict IN ('normal', 'pathology', 'not_analysed')),
    CONSTRAINT uq_reports_analysis_id UNIQUE (analysis_id),
    CONSTRAINT fk_reports_analysis_id FOREIGN KEY(analysis_id) REFERENCES analyses (id) ON DELETE CASCADE,
    CONSTRAINT fk_reports_scan_id FOREIGN KEY(scan_id) REFERENCES scans (id) ON DELETE CASCADE
);
CREATE INDEX ix_reports_of_scan ON reports (scan_id, created_at, id);

CREATE TABLE feedback (
    id UUID NOT NULL,
    report_id UUID NOT NULL,
    scan_id UUID NOT NULL,
    institution TEXT NOT NULL,
    user_key TEXT NOT NULL,
    agrees BOOLEAN NOT NULL,
    finding TEXT,
    comment TEXT,
    report_version INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_feedback PRIMARY KEY (id),
    CONSTRAINT uq_feedback_report_id_user_key UNIQUE (report_id, user_key),
    CONSTRAINT fk_feedback_report_id FOREIGN KEY(report_id) REFERENCES reports (id) ON DELETE CASCADE,
    CONSTRAINT fk_feedback_scan_id FOREIGN KEY(scan_id) REFERENCES scans (id) ON DELETE CASCADE
);
CREATE INDEX ix_feedback_newest ON feedback (institution, agrees, created_at, id);
CREATE INDEX ix_feedback_of_scan ON feedback (scan_id);

CREATE TABLE users (
    id UUID NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    institution TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT uq_users_issuer_subject UNIQUE (issuer, subject),
    CONSTRAINT ck_users_role CHECK (role IN ('radiologist', 'researcher', 'admin'))
);

CREATE TABLE tokens (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes TEXT[] NOT NULL,
    role TEXT NOT NULL,
    institution TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    last_used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_tokens PRIMARY KEY (id),
    CONSTRAINT ck_tokens_role CHECK (role IN ('radiologist', 'researcher', 'admin')),
    CONSTRAINT uq_tokens_secret_hash UNIQUE (secret_hash)
);
CREATE INDEX ix_tokens_newest ON tokens (institution, created_at, id);

CREATE TABLE sessions (
    id_hash TEXT NOT NULL,
    principal JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (id_hash)
);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);

CREATE TABLE audit_events (
    seq BIGINT GENERATED BY DEFAULT AS IDENTITY,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    actor TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    role TEXT NOT NULL,
    institution TEXT NOT NULL,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT,
    outcome TEXT NOT NULL,
    address TEXT,
    request_id TEXT,
    detail JSONB NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT pk_audit_events PRIMARY KEY (seq)
);
CREATE INDEX ix_audit_events_entity ON audit_events (entity, entity_id);
CREATE INDEX ix_audit_events_institution ON audit_events (institution, seq);

CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers JSONB NOT NULL,
    body BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (principal, key)
);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);

CREATE TABLE choices (
    institution TEXT NOT NULL,
    name TEXT NOT NULL,
    value JSONB NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_by TEXT NOT NULL,
    CONSTRAINT pk_choices PRIMARY KEY (institution, name)
);

-- The audit is written once: not even its owner's statement changes it.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is written once', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_events_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
