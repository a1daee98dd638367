/*
 * events.sql: the tables of events that both sides of the differential test read.
 *
 * A case is one experiment: a handful of events (case_id, actor, row_id) with the
 * parameters they are called with.  The extension under test reads these typed tables;
 * the reference (reference.sql) reads the same tables and answers in numeric
 * microseconds.  Whoever wants to put own events to the reference inserts them here and
 * calls ref.refresh().
 *
 * The contract of the columns:
 *   case_id, actor   one partition (window functions) or group (aggregates); NULL is an
 *                    actor like any other
 *   row_id           unique within the case; the tie-break that makes every row an instant
 *   tie              a coarser tie-break: rows of equal time and tie are still peers
 *   pos              an order of the partition in which times do not decrease, with the
 *                    rows without a time anywhere in between, even among other peers
 *   event_time ...   the arguments, in the order of the functions of the extension.
 *                    max_duration and require_restart are equal in a partition (R16)
 *   value_...        something to take first() and last() of
 */
CREATE SCHEMA ref;

CREATE TABLE ref.event_timestamptz (
	case_id         integer NOT NULL,
	actor           text,
	row_id          bigint NOT NULL,
	tie             integer NOT NULL,
	pos             integer NOT NULL,
	event_time      timestamptz,
	inactivity      interval,
	restart_on      boolean,
	end_on          boolean,
	max_duration    interval,
	require_restart boolean,
	value_int       integer,
	value_text      text,
	value_numeric   numeric,
	UNIQUE (case_id, row_id)
);

/* In the same columns: the physical order of rows and nothing else may differ by kind. */
CREATE TABLE ref.event_timestamp (LIKE ref.event_timestamptz INCLUDING INDEXES);
ALTER TABLE ref.event_timestamp
	ALTER COLUMN event_time TYPE timestamp;

CREATE TABLE ref.event_bigint (LIKE ref.event_timestamptz INCLUDING INDEXES);
ALTER TABLE ref.event_bigint
	ALTER COLUMN event_time TYPE bigint USING NULL,
	ALTER COLUMN inactivity TYPE bigint USING NULL,
	ALTER COLUMN max_duration TYPE bigint USING NULL;

/*
 * The same events in partitioned tables: by case, where partitionwise aggregation can
 * finish each group within a partition, and by row, where it must combine partial states.
 */
CREATE TABLE ref.event_timestamptz_by_case (LIKE ref.event_timestamptz) PARTITION BY HASH (case_id);
CREATE TABLE ref.event_timestamptz_by_row (LIKE ref.event_timestamptz) PARTITION BY HASH (row_id);
CREATE TABLE ref.event_timestamp_by_case (LIKE ref.event_timestamp) PARTITION BY HASH (case_id);
CREATE TABLE ref.event_timestamp_by_row (LIKE ref.event_timestamp) PARTITION BY HASH (row_id);
CREATE TABLE ref.event_bigint_by_case (LIKE ref.event_bigint) PARTITION BY HASH (case_id);
CREATE TABLE ref.event_bigint_by_row (LIKE ref.event_bigint) PARTITION BY HASH (row_id);

SELECT format('CREATE TABLE ref.event_%s_%s PARTITION OF ref.event_%s FOR VALUES WITH (MODULUS 3, REMAINDER %s)',
			  name, part, name, part)
FROM unnest(ARRAY['timestamptz_by_case', 'timestamptz_by_row', 'timestamp_by_case',
				  'timestamp_by_row', 'bigint_by_case', 'bigint_by_row']) AS name,
	 generate_series(0, 2) AS part
\gexec

/* Fills the partitioned tables with what the plain ones hold. */
CREATE FUNCTION ref.partition() RETURNS void LANGUAGE sql AS $$
	TRUNCATE ref.event_timestamptz_by_case, ref.event_timestamptz_by_row,
			 ref.event_timestamp_by_case, ref.event_timestamp_by_row,
			 ref.event_bigint_by_case, ref.event_bigint_by_row;
	INSERT INTO ref.event_timestamptz_by_case TABLE ref.event_timestamptz;
	INSERT INTO ref.event_timestamptz_by_row TABLE ref.event_timestamptz;
	INSERT INTO ref.event_timestamp_by_case TABLE ref.event_timestamp;
	INSERT INTO ref.event_timestamp_by_row TABLE ref.event_timestamp;
	INSERT INTO ref.event_bigint_by_case TABLE ref.event_bigint;
	INSERT INTO ref.event_bigint_by_row TABLE ref.event_bigint;
	ANALYZE ref.event_timestamptz_by_case, ref.event_timestamptz_by_row,
			ref.event_timestamp_by_case, ref.event_timestamp_by_row,
			ref.event_bigint_by_case, ref.event_bigint_by_row;
$$;
