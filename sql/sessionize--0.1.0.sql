/*
 * sessionize: sessions from any table of events, computed at read time.
 *
 * Everything lives in the schema "sessionize".  It is made here, and not by
 * the control file, so that it always belongs to the extension.
 */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION sessionize" to load this file. \quit

CREATE SCHEMA sessionize;
GRANT USAGE ON SCHEMA sessionize TO PUBLIC;
COMMENT ON SCHEMA sessionize IS 'sessions from any table of events';


/*
 * Parameters
 */

CREATE FUNCTION sessionize.inactivity_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_inactivity_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.inactivity_support(internal)
IS 'planner support for inactivity()';

CREATE FUNCTION sessionize.inactivity(inactivity interval) RETURNS interval
AS 'MODULE_PATHNAME', 'sessionize_inactivity'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1
SUPPORT sessionize.inactivity_support;
COMMENT ON FUNCTION sessionize.inactivity(interval)
IS 'the same interval in hours, minutes and seconds; an error if it cannot be an inactivity';


/*
 * Window functions: f(...) OVER (PARTITION BY actor ORDER BY event_time)
 */

CREATE FUNCTION sessionize.window_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_window_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.window_support(internal)
IS 'planner support for the window functions';


-- event times of type timestamptz

CREATE FUNCTION sessionize.session_number(
    event_time timestamptz, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_number'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_number(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'number of the session, 1, 2, 3 ... per actor';

CREATE FUNCTION sessionize.session_event_number(
    event_time timestamptz, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_event_number'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_event_number(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'number of the event within its session, 1, 2, 3 ...';

CREATE FUNCTION sessionize.session_start(
    event_time timestamptz, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sessionize_session_start'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_start(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'time of the session''s first event';

CREATE FUNCTION sessionize.session_end(
    event_time timestamptz, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sessionize_session_end'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_end(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'time of the session''s last event';

CREATE FUNCTION sessionize.session_event_count(
    event_time timestamptz, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_event_count'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_event_count(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'number of events in the session';

CREATE FUNCTION sessionize.session_started_by(
    event_time timestamptz, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_session_started_by'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_started_by(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'why the session began: first, restart, end, inactivity or max_duration';

CREATE FUNCTION sessionize.session_ended_by(
    event_time timestamptz, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_session_ended_by'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_ended_by(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'why the session ended: end, restart, inactivity or max_duration; null if it is the last one and nothing ended it';


-- event times of type timestamp without time zone

CREATE FUNCTION sessionize.session_number(
    event_time timestamp, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_number'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_number(timestamp, interval, boolean, boolean, interval, boolean)
IS 'number of the session, 1, 2, 3 ... per actor';

CREATE FUNCTION sessionize.session_event_number(
    event_time timestamp, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_event_number'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_event_number(timestamp, interval, boolean, boolean, interval, boolean)
IS 'number of the event within its session, 1, 2, 3 ...';

CREATE FUNCTION sessionize.session_start(
    event_time timestamp, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS timestamp
AS 'MODULE_PATHNAME', 'sessionize_session_start'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_start(timestamp, interval, boolean, boolean, interval, boolean)
IS 'time of the session''s first event';

CREATE FUNCTION sessionize.session_end(
    event_time timestamp, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS timestamp
AS 'MODULE_PATHNAME', 'sessionize_session_end'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_end(timestamp, interval, boolean, boolean, interval, boolean)
IS 'time of the session''s last event';

CREATE FUNCTION sessionize.session_event_count(
    event_time timestamp, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_event_count'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_event_count(timestamp, interval, boolean, boolean, interval, boolean)
IS 'number of events in the session';

CREATE FUNCTION sessionize.session_started_by(
    event_time timestamp, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_session_started_by'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_started_by(timestamp, interval, boolean, boolean, interval, boolean)
IS 'why the session began: first, restart, end, inactivity or max_duration';

CREATE FUNCTION sessionize.session_ended_by(
    event_time timestamp, inactivity interval,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration interval DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_session_ended_by'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_ended_by(timestamp, interval, boolean, boolean, interval, boolean)
IS 'why the session ended: end, restart, inactivity or max_duration; null if it is the last one and nothing ended it';


-- event times of type bigint: event_time and inactivity in any one unit

CREATE FUNCTION sessionize.session_number(
    event_time bigint, inactivity bigint,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration bigint DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_number'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_number(bigint, bigint, boolean, boolean, bigint, boolean)
IS 'number of the session, 1, 2, 3 ... per actor';

CREATE FUNCTION sessionize.session_event_number(
    event_time bigint, inactivity bigint,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration bigint DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_event_number'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_event_number(bigint, bigint, boolean, boolean, bigint, boolean)
IS 'number of the event within its session, 1, 2, 3 ...';

CREATE FUNCTION sessionize.session_start(
    event_time bigint, inactivity bigint,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration bigint DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_start'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_start(bigint, bigint, boolean, boolean, bigint, boolean)
IS 'time of the session''s first event';

CREATE FUNCTION sessionize.session_end(
    event_time bigint, inactivity bigint,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration bigint DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_end'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_end(bigint, bigint, boolean, boolean, bigint, boolean)
IS 'time of the session''s last event';

CREATE FUNCTION sessionize.session_event_count(
    event_time bigint, inactivity bigint,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration bigint DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_event_count'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_event_count(bigint, bigint, boolean, boolean, bigint, boolean)
IS 'number of events in the session';

CREATE FUNCTION sessionize.session_started_by(
    event_time bigint, inactivity bigint,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration bigint DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_session_started_by'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_started_by(bigint, bigint, boolean, boolean, bigint, boolean)
IS 'why the session began: first, restart, end, inactivity or max_duration';

CREATE FUNCTION sessionize.session_ended_by(
    event_time bigint, inactivity bigint,
    restart_on boolean DEFAULT false, end_on boolean DEFAULT false,
    max_duration bigint DEFAULT NULL, require_restart boolean DEFAULT false
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_session_ended_by'
LANGUAGE C WINDOW IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 4
SUPPORT sessionize.window_support;
COMMENT ON FUNCTION sessionize.session_ended_by(bigint, bigint, boolean, boolean, bigint, boolean)
IS 'why the session ended: end, restart, inactivity or max_duration; null if it is the last one and nothing ended it';


/*
 * Identity
 */

CREATE FUNCTION sessionize.session_id(started_at timestamptz, VARIADIC actor "any")
RETURNS uuid
AS 'MODULE_PATHNAME', 'sessionize_session_id'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sessionize.session_id(timestamptz, "any")
IS 'id of an actor''s session: the same in every database, sorting by start';

CREATE FUNCTION sessionize.session_id(started_at timestamp, VARIADIC actor "any")
RETURNS uuid
AS 'MODULE_PATHNAME', 'sessionize_session_id'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sessionize.session_id(timestamp, "any")
IS 'id of an actor''s session, whose start is read as UTC: the same in every database, sorting by start';

CREATE FUNCTION sessionize.session_id(started_at date, VARIADIC actor "any")
RETURNS uuid
AS 'MODULE_PATHNAME', 'sessionize_session_id'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sessionize.session_id(date, "any")
IS 'id of an actor''s session that starts at a midnight, read as UTC: the same in every database, sorting by start';

CREATE FUNCTION sessionize.session_id(started_at bigint, VARIADIC actor "any")
RETURNS uuid
AS 'MODULE_PATHNAME', 'sessionize_session_id'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sessionize.session_id(bigint, "any")
IS 'id of an actor''s session, whose start is a number: the same in every database, sorting by start';


/*
 * Aggregates over the events of an actor, in any order
 */

CREATE TYPE sessionize.session AS (
    session_number bigint,
    started_at timestamptz,
    ended_at timestamptz,
    duration interval,
    event_count bigint,
    started_by text
);
COMMENT ON TYPE sessionize.session
IS 'a session, as the aggregate sessions() returns it';

CREATE TYPE sessionize.session_ts AS (
    session_number bigint,
    started_at timestamp,
    ended_at timestamp,
    duration interval,
    event_count bigint,
    started_by text
);
COMMENT ON TYPE sessionize.session_ts
IS 'a session whose times are without time zone, as the aggregate sessions() returns it';

CREATE FUNCTION sessionize.events_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_combine'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sessionize.events_combine(internal, internal)
IS 'internal to the session aggregates: all events of two states';

CREATE FUNCTION sessionize.events_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'sessionize_events_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sessionize.events_serialize(internal)
IS 'internal to the session aggregates: a state as bytes';

CREATE FUNCTION sessionize.events_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sessionize.events_deserialize(bytea, internal)
IS 'internal to the session aggregates: a state from bytes';

CREATE FUNCTION sessionize.session_count_final(internal) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_session_count_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sessionize.session_count_final(internal)
IS 'internal to session_count()';

CREATE FUNCTION sessionize.time_in_session_final(internal) RETURNS interval
AS 'MODULE_PATHNAME', 'sessionize_time_in_session_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sessionize.time_in_session_final(internal)
IS 'internal to time_in_session()';


-- event times of type timestamptz

CREATE FUNCTION sessionize.sessions_final_timestamptz(internal) RETURNS sessionize.session[]
AS 'MODULE_PATHNAME', 'sessionize_sessions_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sessionize.sessions_final_timestamptz(internal)
IS 'internal to sessions()';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamptz, interval
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamptz, interval)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamptz, inactivity interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamptz,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamptz, interval)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamptz, inactivity interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamptz, interval)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamptz, inactivity interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamptz, interval)
IS 'the sum of the durations of these events'' sessions';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamptz, interval, boolean
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamptz, interval, boolean)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamptz, inactivity interval,
    restart_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamptz,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamptz, interval, boolean)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamptz, inactivity interval,
    restart_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamptz, interval, boolean)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamptz, inactivity interval,
    restart_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamptz, interval, boolean)
IS 'the sum of the durations of these events'' sessions';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamptz, interval, boolean, boolean
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamptz, interval, boolean, boolean)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamptz, inactivity interval,
    restart_on boolean, end_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamptz,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamptz, interval, boolean, boolean)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamptz, inactivity interval,
    restart_on boolean, end_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamptz, interval, boolean, boolean)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamptz, inactivity interval,
    restart_on boolean, end_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamptz, interval, boolean, boolean)
IS 'the sum of the durations of these events'' sessions';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamptz, interval, boolean, boolean, interval
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamptz, interval, boolean, boolean, interval)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamptz, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamptz,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamptz, interval, boolean, boolean, interval)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamptz, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamptz, interval, boolean, boolean, interval)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamptz, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamptz, interval, boolean, boolean, interval)
IS 'the sum of the durations of these events'' sessions';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamptz, interval, boolean, boolean, interval, boolean
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamptz, interval, boolean, boolean, interval, boolean)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamptz, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval, require_restart boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamptz,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamptz, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval, require_restart boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamptz, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval, require_restart boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamptz, interval, boolean, boolean, interval, boolean)
IS 'the sum of the durations of these events'' sessions';


-- event times of type timestamp without time zone

CREATE FUNCTION sessionize.sessions_final_timestamp(internal) RETURNS sessionize.session_ts[]
AS 'MODULE_PATHNAME', 'sessionize_sessions_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sessionize.sessions_final_timestamp(internal)
IS 'internal to sessions()';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamp, interval
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamp, interval)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamp, inactivity interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamp,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamp, interval)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamp, inactivity interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamp, interval)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamp, inactivity interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamp, interval)
IS 'the sum of the durations of these events'' sessions';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamp, interval, boolean
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamp, interval, boolean)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamp, inactivity interval,
    restart_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamp,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamp, interval, boolean)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamp, inactivity interval,
    restart_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamp, interval, boolean)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamp, inactivity interval,
    restart_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamp, interval, boolean)
IS 'the sum of the durations of these events'' sessions';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamp, interval, boolean, boolean
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamp, interval, boolean, boolean)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamp, inactivity interval,
    restart_on boolean, end_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamp,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamp, interval, boolean, boolean)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamp, inactivity interval,
    restart_on boolean, end_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamp, interval, boolean, boolean)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamp, inactivity interval,
    restart_on boolean, end_on boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamp, interval, boolean, boolean)
IS 'the sum of the durations of these events'' sessions';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamp, interval, boolean, boolean, interval
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamp, interval, boolean, boolean, interval)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamp, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamp,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamp, interval, boolean, boolean, interval)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamp, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamp, interval, boolean, boolean, interval)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamp, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamp, interval, boolean, boolean, interval)
IS 'the sum of the durations of these events'' sessions';

CREATE FUNCTION sessionize.events_transition(
    internal, timestamp, interval, boolean, boolean, interval, boolean
) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_events_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sessionize.events_transition(internal, timestamp, interval, boolean, boolean, interval, boolean)
IS 'internal to the session aggregates: one more event';

CREATE AGGREGATE sessionize.sessions(
    event_time timestamp, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval, require_restart boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.sessions_final_timestamp,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.sessions(timestamp, interval, boolean, boolean, interval, boolean)
IS 'the sessions of these events, in time order';

CREATE AGGREGATE sessionize.session_count(
    event_time timestamp, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval, require_restart boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.session_count_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.session_count(timestamp, interval, boolean, boolean, interval, boolean)
IS 'how many sessions these events make';

CREATE AGGREGATE sessionize.time_in_session(
    event_time timestamp, inactivity interval,
    restart_on boolean, end_on boolean,
    max_duration interval, require_restart boolean
) (
    SFUNC = sessionize.events_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = sessionize.time_in_session_final,
    COMBINEFUNC = sessionize.events_combine,
    SERIALFUNC = sessionize.events_serialize,
    DESERIALFUNC = sessionize.events_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.time_in_session(timestamp, interval, boolean, boolean, interval, boolean)
IS 'the sum of the durations of these events'' sessions';


/*
 * Aggregates: the value at the earliest and at the latest event time
 */

CREATE FUNCTION sessionize.first_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_first_combine'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.first_combine(internal, internal)
IS 'internal to first(): the earlier of two states';

CREATE FUNCTION sessionize.last_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_last_combine'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.last_combine(internal, internal)
IS 'internal to last(): the later of two states';

CREATE FUNCTION sessionize.extreme_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'sessionize_extreme_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.extreme_serialize(internal)
IS 'internal to first() and last(): a state as bytes';

CREATE FUNCTION sessionize.extreme_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_extreme_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.extreme_deserialize(bytea, internal)
IS 'internal to first() and last(): a state from bytes';


-- event times of type timestamptz

CREATE FUNCTION sessionize.extreme_final(internal, anyelement, timestamptz) RETURNS anyelement
AS 'MODULE_PATHNAME', 'sessionize_extreme_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.extreme_final(internal, anyelement, timestamptz)
IS 'internal to first() and last()';

CREATE FUNCTION sessionize.first_transition(internal, anyelement, timestamptz) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_first_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.first_transition(internal, anyelement, timestamptz)
IS 'internal to first(): one more value';

CREATE AGGREGATE sessionize.first(value anyelement, event_time timestamptz) (
    SFUNC = sessionize.first_transition,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.first_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.first(anyelement, timestamptz)
IS 'the value at the earliest event time';

CREATE FUNCTION sessionize.last_transition(internal, anyelement, timestamptz) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_last_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.last_transition(internal, anyelement, timestamptz)
IS 'internal to last(): one more value';

CREATE AGGREGATE sessionize.last(value anyelement, event_time timestamptz) (
    SFUNC = sessionize.last_transition,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.last_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.last(anyelement, timestamptz)
IS 'the value at the latest event time';


-- event times of type timestamp without time zone

CREATE FUNCTION sessionize.extreme_final(internal, anyelement, timestamp) RETURNS anyelement
AS 'MODULE_PATHNAME', 'sessionize_extreme_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.extreme_final(internal, anyelement, timestamp)
IS 'internal to first() and last()';

CREATE FUNCTION sessionize.first_transition(internal, anyelement, timestamp) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_first_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.first_transition(internal, anyelement, timestamp)
IS 'internal to first(): one more value';

CREATE AGGREGATE sessionize.first(value anyelement, event_time timestamp) (
    SFUNC = sessionize.first_transition,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.first_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.first(anyelement, timestamp)
IS 'the value at the earliest event time';

CREATE FUNCTION sessionize.last_transition(internal, anyelement, timestamp) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_last_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.last_transition(internal, anyelement, timestamp)
IS 'internal to last(): one more value';

CREATE AGGREGATE sessionize.last(value anyelement, event_time timestamp) (
    SFUNC = sessionize.last_transition,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.last_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.last(anyelement, timestamp)
IS 'the value at the latest event time';


-- event times of type bigint

CREATE FUNCTION sessionize.extreme_final(internal, anyelement, bigint) RETURNS anyelement
AS 'MODULE_PATHNAME', 'sessionize_extreme_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.extreme_final(internal, anyelement, bigint)
IS 'internal to first() and last()';

CREATE FUNCTION sessionize.first_transition(internal, anyelement, bigint) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_first_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.first_transition(internal, anyelement, bigint)
IS 'internal to first(): one more value';

CREATE AGGREGATE sessionize.first(value anyelement, event_time bigint) (
    SFUNC = sessionize.first_transition,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.first_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.first(anyelement, bigint)
IS 'the value at the earliest event time';

CREATE FUNCTION sessionize.last_transition(internal, anyelement, bigint) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_last_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.last_transition(internal, anyelement, bigint)
IS 'internal to last(): one more value';

CREATE AGGREGATE sessionize.last(value anyelement, event_time bigint) (
    SFUNC = sessionize.last_transition,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.last_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.last(anyelement, bigint)
IS 'the value at the latest event time';
