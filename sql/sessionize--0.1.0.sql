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
 * What the planner makes of conditions on started_at: see "Time ranges"
 */

CREATE FUNCTION sessionize.look_back_timestamptz(bound timestamptz, inactivity interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sessionize_look_back'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_back_timestamptz(timestamptz, interval)
IS 'from where events decide which sessions start at the bound or later';

CREATE FUNCTION sessionize.look_back_timestamptz(bound timestamp, inactivity interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sessionize_look_back_tz_timestamp'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_back_timestamptz(timestamp, interval)
IS 'from where events decide which sessions start at the bound or later';

CREATE FUNCTION sessionize.look_back_timestamptz(bound date, inactivity interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sessionize_look_back_tz_date'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_back_timestamptz(date, interval)
IS 'from where events decide which sessions start at the bound or later';

CREATE FUNCTION sessionize.look_back_timestamp(bound timestamp, inactivity interval) RETURNS timestamp
AS 'MODULE_PATHNAME', 'sessionize_look_back'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_back_timestamp(timestamp, interval)
IS 'from where events decide which sessions start at the bound or later';

CREATE FUNCTION sessionize.look_back_timestamp(bound timestamptz, inactivity interval) RETURNS timestamp
AS 'MODULE_PATHNAME', 'sessionize_look_back_timestamptz'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_back_timestamp(timestamptz, interval)
IS 'from where events decide which sessions start at the bound or later';

CREATE FUNCTION sessionize.look_back_timestamp(bound date, inactivity interval) RETURNS timestamp
AS 'MODULE_PATHNAME', 'sessionize_look_back_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_back_timestamp(date, interval)
IS 'from where events decide which sessions start at the bound or later';

CREATE FUNCTION sessionize.look_back_bigint(bound bigint, inactivity bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_look_back_bigint'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_back_bigint(bigint, bigint)
IS 'from where events decide which sessions start at the bound or later';

CREATE FUNCTION sessionize.look_ahead_timestamptz(bound timestamptz, max_duration interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sessionize_look_ahead'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_ahead_timestamptz(timestamptz, interval)
IS 'how far events may be of sessions that start before the bound or at it';

CREATE FUNCTION sessionize.look_ahead_timestamptz(bound timestamp, max_duration interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sessionize_look_ahead_tz_timestamp'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_ahead_timestamptz(timestamp, interval)
IS 'how far events may be of sessions that start before the bound or at it';

CREATE FUNCTION sessionize.look_ahead_timestamptz(bound date, max_duration interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sessionize_look_ahead_tz_date'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_ahead_timestamptz(date, interval)
IS 'how far events may be of sessions that start before the bound or at it';

CREATE FUNCTION sessionize.look_ahead_timestamp(bound timestamp, max_duration interval) RETURNS timestamp
AS 'MODULE_PATHNAME', 'sessionize_look_ahead'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_ahead_timestamp(timestamp, interval)
IS 'how far events may be of sessions that start before the bound or at it';

CREATE FUNCTION sessionize.look_ahead_timestamp(bound timestamptz, max_duration interval) RETURNS timestamp
AS 'MODULE_PATHNAME', 'sessionize_look_ahead_timestamptz'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_ahead_timestamp(timestamptz, interval)
IS 'how far events may be of sessions that start before the bound or at it';

CREATE FUNCTION sessionize.look_ahead_timestamp(bound date, max_duration interval) RETURNS timestamp
AS 'MODULE_PATHNAME', 'sessionize_look_ahead_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_ahead_timestamp(date, interval)
IS 'how far events may be of sessions that start before the bound or at it';

CREATE FUNCTION sessionize.look_ahead_bigint(bound bigint, max_duration bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_look_ahead_bigint'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.look_ahead_bigint(bigint, bigint)
IS 'how far events may be of sessions that start before the bound or at it';


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
COMMENT ON COLUMN sessionize.session.session_number IS '1, 2, 3 ... per actor';
COMMENT ON COLUMN sessionize.session.started_at IS 'time of the first event';
COMMENT ON COLUMN sessionize.session.ended_at IS 'time of the last event';
COMMENT ON COLUMN sessionize.session.duration IS 'ended_at - started_at';
COMMENT ON COLUMN sessionize.session.event_count IS 'number of events';
COMMENT ON COLUMN sessionize.session.started_by IS 'what began the session: first, restart, end, inactivity or max_duration';

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
COMMENT ON COLUMN sessionize.session_ts.session_number IS '1, 2, 3 ... per actor';
COMMENT ON COLUMN sessionize.session_ts.started_at IS 'time of the first event';
COMMENT ON COLUMN sessionize.session_ts.ended_at IS 'time of the last event';
COMMENT ON COLUMN sessionize.session_ts.duration IS 'ended_at - started_at';
COMMENT ON COLUMN sessionize.session_ts.event_count IS 'number of events';
COMMENT ON COLUMN sessionize.session_ts.started_by IS 'what began the session: first, restart, end, inactivity or max_duration';

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

CREATE FUNCTION sessionize.extreme_final(internal, anyelement, timestamptz, VARIADIC "any") RETURNS anyelement
AS 'MODULE_PATHNAME', 'sessionize_extreme_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.extreme_final(internal, anyelement, timestamptz, "any")
IS 'internal to first_by() and last_by()';

CREATE FUNCTION sessionize.first_transition(internal, anyelement, timestamptz, VARIADIC "any") RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_first_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.first_transition(internal, anyelement, timestamptz, "any")
IS 'internal to first_by(): one more value';

CREATE AGGREGATE sessionize.first_by(value anyelement, event_time timestamptz, VARIADIC keys "any") (
    SFUNC = sessionize.first_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.first_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.first_by(anyelement, timestamptz, "any")
IS 'the value of the event that is first by event time and, among those of one time, by the keys';

CREATE FUNCTION sessionize.last_transition(internal, anyelement, timestamptz, VARIADIC "any") RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_last_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.last_transition(internal, anyelement, timestamptz, "any")
IS 'internal to last_by(): one more value';

CREATE AGGREGATE sessionize.last_by(value anyelement, event_time timestamptz, VARIADIC keys "any") (
    SFUNC = sessionize.last_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.last_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.last_by(anyelement, timestamptz, "any")
IS 'the value of the event that is last by event time and, among those of one time, by the keys';


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

CREATE FUNCTION sessionize.extreme_final(internal, anyelement, timestamp, VARIADIC "any") RETURNS anyelement
AS 'MODULE_PATHNAME', 'sessionize_extreme_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.extreme_final(internal, anyelement, timestamp, "any")
IS 'internal to first_by() and last_by()';

CREATE FUNCTION sessionize.first_transition(internal, anyelement, timestamp, VARIADIC "any") RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_first_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.first_transition(internal, anyelement, timestamp, "any")
IS 'internal to first_by(): one more value';

CREATE AGGREGATE sessionize.first_by(value anyelement, event_time timestamp, VARIADIC keys "any") (
    SFUNC = sessionize.first_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.first_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.first_by(anyelement, timestamp, "any")
IS 'the value of the event that is first by event time and, among those of one time, by the keys';

CREATE FUNCTION sessionize.last_transition(internal, anyelement, timestamp, VARIADIC "any") RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_last_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.last_transition(internal, anyelement, timestamp, "any")
IS 'internal to last_by(): one more value';

CREATE AGGREGATE sessionize.last_by(value anyelement, event_time timestamp, VARIADIC keys "any") (
    SFUNC = sessionize.last_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.last_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.last_by(anyelement, timestamp, "any")
IS 'the value of the event that is last by event time and, among those of one time, by the keys';


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

CREATE FUNCTION sessionize.extreme_final(internal, anyelement, bigint, VARIADIC "any") RETURNS anyelement
AS 'MODULE_PATHNAME', 'sessionize_extreme_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.extreme_final(internal, anyelement, bigint, "any")
IS 'internal to first_by() and last_by()';

CREATE FUNCTION sessionize.first_transition(internal, anyelement, bigint, VARIADIC "any") RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_first_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.first_transition(internal, anyelement, bigint, "any")
IS 'internal to first_by(): one more value';

CREATE AGGREGATE sessionize.first_by(value anyelement, event_time bigint, VARIADIC keys "any") (
    SFUNC = sessionize.first_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.first_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.first_by(anyelement, bigint, "any")
IS 'the value of the event that is first by event time and, among those of one time, by the keys';

CREATE FUNCTION sessionize.last_transition(internal, anyelement, bigint, VARIADIC "any") RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_last_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.last_transition(internal, anyelement, bigint, "any")
IS 'internal to last_by(): one more value';

CREATE AGGREGATE sessionize.last_by(value anyelement, event_time bigint, VARIADIC keys "any") (
    SFUNC = sessionize.last_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = sessionize.extreme_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = sessionize.last_combine,
    SERIALFUNC = sessionize.extreme_serialize,
    DESERIALFUNC = sessionize.extreme_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.last_by(anyelement, bigint, "any")
IS 'the value of the event that is last by event time and, among those of one time, by the keys';


/*
 * Aggregate: the furthest step reached in time order
 */

CREATE FUNCTION sessionize.funnel_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_funnel_combine'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sessionize.funnel_combine(internal, internal)
IS 'internal to funnel(): all events of two states';

CREATE FUNCTION sessionize.funnel_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'sessionize_funnel_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sessionize.funnel_serialize(internal)
IS 'internal to funnel(): a state as bytes';

CREATE FUNCTION sessionize.funnel_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_funnel_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sessionize.funnel_deserialize(bytea, internal)
IS 'internal to funnel(): a state from bytes';

CREATE FUNCTION sessionize.funnel_final(internal) RETURNS integer
AS 'MODULE_PATHNAME', 'sessionize_funnel_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sessionize.funnel_final(internal)
IS 'internal to funnel()';

CREATE FUNCTION sessionize.funnel_transition(internal, timestamptz, boolean[]) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_funnel_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.funnel_transition(internal, timestamptz, boolean[])
IS 'internal to funnel(): one more event';

CREATE AGGREGATE sessionize.funnel(event_time timestamptz, VARIADIC steps boolean[]) (
    SFUNC = sessionize.funnel_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = sessionize.funnel_final,
    COMBINEFUNC = sessionize.funnel_combine,
    SERIALFUNC = sessionize.funnel_serialize,
    DESERIALFUNC = sessionize.funnel_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.funnel(timestamptz, VARIADIC boolean[])
IS 'the furthest step reached in time order, 0 if none';

CREATE FUNCTION sessionize.funnel_transition(internal, timestamp, boolean[]) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_funnel_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.funnel_transition(internal, timestamp, boolean[])
IS 'internal to funnel(): one more event';

CREATE AGGREGATE sessionize.funnel(event_time timestamp, VARIADIC steps boolean[]) (
    SFUNC = sessionize.funnel_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = sessionize.funnel_final,
    COMBINEFUNC = sessionize.funnel_combine,
    SERIALFUNC = sessionize.funnel_serialize,
    DESERIALFUNC = sessionize.funnel_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.funnel(timestamp, VARIADIC boolean[])
IS 'the furthest step reached in time order, 0 if none';

CREATE FUNCTION sessionize.funnel_transition(internal, bigint, boolean[]) RETURNS internal
AS 'MODULE_PATHNAME', 'sessionize_funnel_transition'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.funnel_transition(internal, bigint, boolean[])
IS 'internal to funnel(): one more event';

CREATE AGGREGATE sessionize.funnel(event_time bigint, VARIADIC steps boolean[]) (
    SFUNC = sessionize.funnel_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = sessionize.funnel_final,
    COMBINEFUNC = sessionize.funnel_combine,
    SERIALFUNC = sessionize.funnel_serialize,
    DESERIALFUNC = sessionize.funnel_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.funnel(bigint, VARIADIC boolean[])
IS 'the furthest step reached in time order, 0 if none';


/*
 * What the views of definitions compute of a session
 */

CREATE FUNCTION sessionize.duration(started_at timestamptz, ended_at timestamptz) RETURNS interval
AS 'MODULE_PATHNAME', 'sessionize_duration'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.duration(timestamptz, timestamptz)
IS 'duration of a session, in hours, minutes and seconds';

CREATE FUNCTION sessionize.duration_seconds(started_at timestamptz, ended_at timestamptz) RETURNS double precision
AS 'MODULE_PATHNAME', 'sessionize_duration_seconds'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.duration_seconds(timestamptz, timestamptz)
IS 'duration of a session in seconds';

CREATE FUNCTION sessionize.ended_by(
    ended_by text, started_at timestamptz, ended_at timestamptz, inactivity interval, max_duration interval
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_ended_by'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.ended_by(text, timestamptz, timestamptz, interval, interval)
IS 'what has ended a session by now, or open';

CREATE FUNCTION sessionize.duration(started_at timestamp, ended_at timestamp) RETURNS interval
AS 'MODULE_PATHNAME', 'sessionize_duration'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.duration(timestamp, timestamp)
IS 'duration of a session, in hours, minutes and seconds';

CREATE FUNCTION sessionize.duration_seconds(started_at timestamp, ended_at timestamp) RETURNS double precision
AS 'MODULE_PATHNAME', 'sessionize_duration_seconds'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.duration_seconds(timestamp, timestamp)
IS 'duration of a session in seconds';

CREATE FUNCTION sessionize.ended_by(
    ended_by text, started_at timestamp, ended_at timestamp, inactivity interval, max_duration interval
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_ended_by'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.ended_by(text, timestamp, timestamp, interval, interval)
IS 'what has ended a session by now, or open';

CREATE FUNCTION sessionize.add_durations(interval, interval) RETURNS interval
AS 'MODULE_PATHNAME', 'sessionize_add_durations'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION sessionize.add_durations(interval, interval)
IS 'internal to total_duration(): the sum of two durations';

CREATE AGGREGATE sessionize.total_duration(duration interval) (
    SFUNC = sessionize.add_durations,
    STYPE = interval,
    COMBINEFUNC = sessionize.add_durations,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sessionize.total_duration(interval)
IS 'the sum of durations of sessions, at most the longest interval there is';


/*
 * Named definitions
 */

CREATE TABLE sessionize.session_definition (
    schema name NOT NULL,
    name text NOT NULL,
    owner name NOT NULL DEFAULT CURRENT_USER,
    source text NOT NULL,
    actor text NOT NULL,
    event_time text NOT NULL,
    inactivity interval NOT NULL,
    restart_on text,
    end_on text,
    max_duration interval,
    require_restart boolean NOT NULL DEFAULT false,
    filter text,
    keep text,
    tie_break text,
    entry text,
    exit text,
    label_prefix text,
    security_invoker boolean NOT NULL DEFAULT true,
    readers name[],
    expansion_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (schema, name)
);
GRANT SELECT ON sessionize.session_definition TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.session_definition', '');

CREATE TABLE sessionize.metric_definition (
    schema name NOT NULL,
    session text NOT NULL,
    name text NOT NULL,
    position integer NOT NULL,
    aggregate text NOT NULL,
    filter text,
    session_filter text,
    nth integer,
    PRIMARY KEY (schema, session, name)
    -- (schema, session) is a foreign key that the triggers look after: a parallel
    -- pg_restore may load these rows before those of session_definition
);
GRANT SELECT ON sessionize.metric_definition TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.metric_definition', '');

CREATE FUNCTION sessionize.session_trigger() RETURNS trigger
AS 'MODULE_PATHNAME', 'sessionize_session_trigger'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100;

CREATE FUNCTION sessionize.metric_trigger() RETURNS trigger
AS 'MODULE_PATHNAME', 'sessionize_metric_trigger'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100;

REVOKE EXECUTE ON FUNCTION sessionize.session_trigger(), sessionize.metric_trigger() FROM PUBLIC;

CREATE TRIGGER lock_definitions BEFORE INSERT OR UPDATE OR DELETE ON sessionize.session_definition
FOR EACH STATEMENT EXECUTE FUNCTION sessionize.session_trigger();
CREATE TRIGGER lock_definitions BEFORE INSERT OR UPDATE OR DELETE ON sessionize.metric_definition
FOR EACH STATEMENT EXECUTE FUNCTION sessionize.metric_trigger();
CREATE TRIGGER check_definition BEFORE INSERT OR UPDATE ON sessionize.session_definition
FOR EACH ROW EXECUTE FUNCTION sessionize.session_trigger();
CREATE TRIGGER carry_out_definition AFTER INSERT OR UPDATE OR DELETE ON sessionize.session_definition
FOR EACH ROW EXECUTE FUNCTION sessionize.session_trigger();
CREATE TRIGGER check_definition BEFORE INSERT OR UPDATE OR DELETE ON sessionize.metric_definition
FOR EACH ROW EXECUTE FUNCTION sessionize.metric_trigger();
CREATE TRIGGER carry_out_definition AFTER INSERT OR UPDATE OR DELETE ON sessionize.metric_definition
FOR EACH ROW EXECUTE FUNCTION sessionize.metric_trigger();

CREATE FUNCTION sessionize.define_session(
    name text, source regclass, actor text, event_time text, inactivity interval,
    restart_on text DEFAULT NULL, end_on text DEFAULT NULL, max_duration interval DEFAULT NULL,
    require_restart boolean DEFAULT false, filter text DEFAULT NULL, keep text DEFAULT NULL,
    tie_break text DEFAULT NULL, entry text DEFAULT NULL, exit text DEFAULT NULL,
    schema name DEFAULT NULL, label_prefix text DEFAULT NULL,
    security_invoker boolean DEFAULT true, readers name[] DEFAULT NULL, replace boolean DEFAULT false
) RETURNS regclass
AS 'MODULE_PATHNAME', 'sessionize_define_session'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000;

CREATE FUNCTION sessionize.define_metric(
    session text, name text, aggregate text, filter text DEFAULT NULL,
    session_filter text DEFAULT NULL, nth integer DEFAULT NULL,
    schema name DEFAULT NULL, replace boolean DEFAULT false
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_define_metric'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000;

CREATE FUNCTION sessionize.alter_session(
    name text, field text, value text, schema name DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_alter_session'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000;

CREATE FUNCTION sessionize.drop_session(
    name text, cascade boolean DEFAULT false, schema name DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_session'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000;

CREATE FUNCTION sessionize.drop_metric(
    session text, name text, schema name DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_metric'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000;

CREATE FUNCTION sessionize.rebuild_views(
    name text DEFAULT NULL, schema name DEFAULT NULL
) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_rebuild_views'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000;

CREATE FUNCTION sessionize.session_sql(
    name text, relation text DEFAULT 'sessions', inactivity interval DEFAULT NULL,
    filter text DEFAULT NULL, schema name DEFAULT NULL
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_session_sql'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000;

CREATE FUNCTION sessionize.read(
    view_row anyelement, inactivity interval DEFAULT NULL, filter text DEFAULT NULL
) RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'sessionize_read'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED COST 1000 ROWS 1000;

CREATE FUNCTION sessionize.check_definitions(
    name text DEFAULT NULL, schema name DEFAULT NULL,
    OUT definition text, OUT object text, OUT problem text, OUT hint text
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_check_definitions'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000 ROWS 10;

CREATE FUNCTION sessionize.compare(
    name text, VARIADIC inactivity interval[] DEFAULT '{}',
    OUT inactivity interval, OUT is_current boolean, OUT sessions bigint,
    OUT sessions_per_actor double precision, OUT single_event_share double precision,
    OUT median_duration interval, OUT p90_duration interval, OUT time_in_session interval
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_compare'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED COST 1000 ROWS 6;

CREATE FUNCTION sessionize.gap_histogram(
    source regclass, actor text, event_time text, filter text DEFAULT NULL,
    OUT pause_from interval, OUT pause_to interval, OUT pauses bigint,
    OUT share double precision, OUT sessions_at_pause_to bigint
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_gap_histogram'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED COST 1000 ROWS 22;

CREATE FUNCTION sessionize.explain_session(
    name text, VARIADIC actor "any",
    OUT session_number bigint, OUT event_time timestamptz, OUT pause interval,
    OUT boundary text, OUT is_restart boolean, OUT is_end boolean
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_explain_session'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED COST 1000 ROWS 100;

CREATE FUNCTION sessionize.version() RETURNS text
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1
RETURN (SELECT extversion FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'sessionize');

CREATE VIEW sessionize.fields AS
WITH view_column AS (
    SELECT d.schema AS view_schema, d.name AS session, c.relname AS view_name,
           CASE c.relname::pg_catalog.text
               WHEN d.name THEN 'sessions' WHEN d.name OPERATOR(pg_catalog.||) '_events' THEN 'events'
               ELSE 'actors' END AS relation,
           a.attname AS column_name, a.attnum,
           pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
           pg_catalog.col_description(c.oid, a.attnum) AS definition,
           EXISTS (SELECT FROM sessionize.metric_definition AS m
                   WHERE m.schema OPERATOR(pg_catalog.=) d.schema
                     AND m.session OPERATOR(pg_catalog.=) d.name
                     AND m.name OPERATOR(pg_catalog.=) a.attname::pg_catalog.text) AS is_metric,
           -- the label prefix stands before "id"
           pg_catalog.length(pg_catalog.first_value(a.attname::pg_catalog.text)
               OVER (PARTITION BY c.oid ORDER BY a.attnum)) OPERATOR(pg_catalog.-) 2 AS prefix_length
    FROM sessionize.session_definition AS d
    JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) d.schema
    JOIN pg_catalog.pg_class AS c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
        AND c.relkind OPERATOR(pg_catalog.=) 'v'
        AND c.relname::pg_catalog.text OPERATOR(pg_catalog.=) ANY
            (ARRAY[d.name, d.name OPERATOR(pg_catalog.||) '_events', d.name OPERATOR(pg_catalog.||) '_actors'])
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
        AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
), actor AS (
    SELECT view_schema, session, pg_catalog.string_agg(column_name::pg_catalog.text, ', ' ORDER BY attnum) AS columns
    FROM view_column AS v
    WHERE relation OPERATOR(pg_catalog.=) 'actors'
      AND attnum OPERATOR(pg_catalog.<) (SELECT s.attnum FROM view_column AS s
                    WHERE s.relation OPERATOR(pg_catalog.=) 'actors'
                      AND s.view_schema OPERATOR(pg_catalog.=) v.view_schema
                      AND s.session OPERATOR(pg_catalog.=) v.session
                      AND s.column_name OPERATOR(pg_catalog.=) 'session_count')
    GROUP BY view_schema, session
)
SELECT v.view_schema, v.session, v.view_name, v.column_name, v.type,
       CASE WHEN v.relation OPERATOR(pg_catalog.<>) 'events' AND v.is_metric THEN 'custom'
            WHEN v.relation OPERATOR(pg_catalog.=) 'sessions'
                 AND v.column_name OPERATOR(pg_catalog.=) ANY ('{session_id,duration,duration_seconds,event_count}'::pg_catalog.name[]) THEN 'automatic'
            WHEN v.relation OPERATOR(pg_catalog.=) 'actors'
                 AND v.column_name OPERATOR(pg_catalog.=) ANY ('{session_count,event_count,time_in_session,time_in_session_seconds}'::pg_catalog.name[]) THEN 'automatic'
            ELSE 'attribute' END AS kind,
       CASE WHEN v.relation OPERATOR(pg_catalog.<>) 'events' AND v.is_metric
                THEN 'session ' OPERATOR(pg_catalog.||) v.column_name::pg_catalog.text
            WHEN v.relation OPERATOR(pg_catalog.=) 'events' AND v.attnum OPERATOR(pg_catalog.>) 8
                THEN v.column_name::pg_catalog.text
            WHEN v.relation OPERATOR(pg_catalog.=) 'sessions' AND v.column_name OPERATOR(pg_catalog.=) 'session_id'
                THEN v.session
            WHEN v.relation OPERATOR(pg_catalog.=) 'events' AND v.attnum OPERATOR(pg_catalog.=) 1
                THEN v.session
            WHEN v.definition OPERATOR(pg_catalog.=) 'actor'
                THEN v.column_name::pg_catalog.text
            WHEN v.relation OPERATOR(pg_catalog.=) 'actors'
                THEN pg_catalog.concat(a.columns, '.', v.column_name, '.', v.session)
            WHEN v.relation OPERATOR(pg_catalog.=) 'events'
                THEN pg_catalog.concat('session ', v.session, '.', pg_catalog.substr(v.column_name::pg_catalog.text, v.prefix_length OPERATOR(pg_catalog.+) 1))
            ELSE pg_catalog.concat('session ', v.session, '.', v.column_name) END AS label,
       v.definition
FROM view_column AS v
LEFT JOIN actor AS a ON a.view_schema OPERATOR(pg_catalog.=) v.view_schema
    AND a.session OPERATOR(pg_catalog.=) v.session
ORDER BY v.view_schema, v.session, v.relation OPERATOR(pg_catalog.<>) 'sessions', v.relation, v.attnum;
GRANT SELECT ON sessionize.fields TO PUBLIC;

CREATE FUNCTION sessionize.progress_info(
    OUT pid integer, OUT datid oid, OUT relid oid, OUT phase bigint,
    OUT rows_read bigint, OUT rows_estimated bigint,
    OUT partitions_total bigint, OUT partitions_done bigint, OUT bytes_spilled bigint
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_progress_info'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED COST 100 ROWS 10;

CREATE VIEW sessionize.progress AS
SELECT p.pid, a.leader_pid, p.datid, d.datname, a.usename, p.relid,
       CASE WHEN p.phase OPERATOR(pg_catalog.=) 0 THEN 'beginning'
            WHEN p.phase OPERATOR(pg_catalog.=) 1 THEN 'reading rows'
            WHEN p.phase OPERATOR(pg_catalog.=) 2 THEN 'waiting for other processes'
            WHEN p.phase OPERATOR(pg_catalog.=) 3 THEN 'sorting partition'
            WHEN p.phase OPERATOR(pg_catalog.=) 4 THEN 'putting out sessions'
            WHEN p.phase OPERATOR(pg_catalog.=) 5 THEN 'streaming' END AS phase,
       p.rows_read, p.rows_estimated, p.partitions_total, p.partitions_done, p.bytes_spilled
FROM sessionize.progress_info() AS p
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) p.pid
LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) p.datid;
GRANT SELECT ON sessionize.progress TO PUBLIC;

COMMENT ON TABLE sessionize.session_definition IS 'named session definitions; change them through the functions';
COMMENT ON COLUMN sessionize.session_definition.schema IS 'schema of the three views';
COMMENT ON COLUMN sessionize.session_definition.name IS 'name of the sessions view; the others are called name_events and name_actors';
COMMENT ON COLUMN sessionize.session_definition.owner IS 'role that may change the definition and owns the views';
COMMENT ON COLUMN sessionize.session_definition.source IS 'table or view that holds the events, qualified and quoted';
COMMENT ON COLUMN sessionize.session_definition.actor IS 'select list that says whose event it is';
COMMENT ON COLUMN sessionize.session_definition.event_time IS 'expression that says when it happened';
COMMENT ON COLUMN sessionize.session_definition.inactivity IS 'the longest pause a session survives';
COMMENT ON COLUMN sessionize.session_definition.restart_on IS 'condition: an event that begins a new session';
COMMENT ON COLUMN sessionize.session_definition.end_on IS 'condition: an event that is the last of its session';
COMMENT ON COLUMN sessionize.session_definition.max_duration IS 'an event later than the start plus this begins a new session';
COMMENT ON COLUMN sessionize.session_definition.require_restart IS 'whether only what begins with a restart event is a session';
COMMENT ON COLUMN sessionize.session_definition.filter IS 'condition: which events count';
COMMENT ON COLUMN sessionize.session_definition.keep IS 'condition on the sessions view: which sessions are shown';
COMMENT ON COLUMN sessionize.session_definition.tie_break IS 'list of expressions: the order of events of one instant';
COMMENT ON COLUMN sessionize.session_definition.entry IS 'select list: columns entry_..., of the session''s first event';
COMMENT ON COLUMN sessionize.session_definition.exit IS 'select list: columns exit_..., of the session''s last event';
COMMENT ON COLUMN sessionize.session_definition.label_prefix IS 'begins the session columns of the events view; null: session_';
COMMENT ON COLUMN sessionize.session_definition.security_invoker IS 'whether the views are read with the reader''s rights, not the owner''s';
COMMENT ON COLUMN sessionize.session_definition.readers IS 'roles that get SELECT on the views whenever they are built';
COMMENT ON COLUMN sessionize.session_definition.expansion_version IS 'which version of the expansion made the views';

COMMENT ON TABLE sessionize.metric_definition IS 'named metrics of sessions; change them through the functions';
COMMENT ON COLUMN sessionize.metric_definition.schema IS 'schema of the session';
COMMENT ON COLUMN sessionize.metric_definition.session IS 'name of the session';
COMMENT ON COLUMN sessionize.metric_definition.name IS 'name of the metric, and of its column';
COMMENT ON COLUMN sessionize.metric_definition.position IS 'order of the columns';
COMMENT ON COLUMN sessionize.metric_definition.aggregate IS 'aggregate expression over the events of a session';
COMMENT ON COLUMN sessionize.metric_definition.filter IS 'condition: which events it is about';
COMMENT ON COLUMN sessionize.metric_definition.session_filter IS 'condition on the sessions view: which sessions it is about';
COMMENT ON COLUMN sessionize.metric_definition.nth IS 'only the nth of the actor''s sessions that pass session_filter';

COMMENT ON TRIGGER lock_definitions ON sessionize.session_definition IS 'waits until nobody else changes definitions';
COMMENT ON TRIGGER lock_definitions ON sessionize.metric_definition IS 'waits until nobody else changes definitions';
COMMENT ON TRIGGER check_definition ON sessionize.session_definition IS 'checks a definition and qualifies its texts';
COMMENT ON TRIGGER carry_out_definition ON sessionize.session_definition IS 'makes the views follow the definition';
COMMENT ON TRIGGER check_definition ON sessionize.metric_definition IS 'checks a metric and qualifies its texts';
COMMENT ON TRIGGER carry_out_definition ON sessionize.metric_definition IS 'makes the views follow the definition';
COMMENT ON FUNCTION sessionize.session_trigger() IS 'internal to session_definition';
COMMENT ON FUNCTION sessionize.metric_trigger() IS 'internal to metric_definition';

COMMENT ON FUNCTION sessionize.define_session(text, regclass, text, text, interval, text, text, interval, boolean, text, text, text, text, text, name, text, boolean, name[], boolean)
IS 'defines sessions over a table, and makes their views';
COMMENT ON FUNCTION sessionize.define_metric(text, text, text, text, text, integer, name, boolean)
IS 'adds a metric to a session''s views';
COMMENT ON FUNCTION sessionize.alter_session(text, text, text, name)
IS 'changes one argument of define_session, or the name';
COMMENT ON FUNCTION sessionize.drop_session(text, boolean, name)
IS 'drops a session''s definition, metrics and views';
COMMENT ON FUNCTION sessionize.drop_metric(text, text, name)
IS 'drops a metric and its columns';
COMMENT ON FUNCTION sessionize.rebuild_views(text, name)
IS 'makes a session''s views, or all of the caller''s, anew from the catalog';
COMMENT ON FUNCTION sessionize.session_sql(text, text, interval, text, name)
IS 'the query behind a session''s view, with what-if arguments';
COMMENT ON FUNCTION sessionize.read(anyelement, interval, text)
IS 'the rows of a session''s view as the catalog says now, with what-if arguments';
COMMENT ON FUNCTION sessionize.check_definitions(text, name)
IS 'where definitions and views differ; empty when all is well';
COMMENT ON FUNCTION sessionize.compare(text, interval[])
IS 'what a definition''s sessions are like: in the first row with its own inactivity, then with each one given';
COMMENT ON FUNCTION sessionize.gap_histogram(regclass, text, text, text)
IS 'how long the pauses between an actor''s events are, and how many sessions each inactivity would make';
COMMENT ON FUNCTION sessionize.explain_session(text, "any")
IS 'the events of one actor, with the pause before each and the rule by which a session begins there; last, why the session is open or not';
COMMENT ON FUNCTION sessionize.version()
IS 'the version of the extension in this database';
COMMENT ON VIEW sessionize.fields IS 'what can be queried: one row per column of each session''s views';
COMMENT ON COLUMN sessionize.fields.view_schema IS 'schema of the view';
COMMENT ON COLUMN sessionize.fields.session IS 'name of the session';
COMMENT ON COLUMN sessionize.fields.view_name IS 'name of the view';
COMMENT ON COLUMN sessionize.fields.column_name IS 'name of the column';
COMMENT ON COLUMN sessionize.fields.type IS 'type of the column';
COMMENT ON COLUMN sessionize.fields.kind IS 'attribute, automatic or custom (a metric)';
COMMENT ON COLUMN sessionize.fields.label IS 'what people call it';
COMMENT ON COLUMN sessionize.fields.definition IS 'what it is';
COMMENT ON FUNCTION sessionize.progress_info() IS 'internal to progress';
COMMENT ON VIEW sessionize.progress IS 'session scans that are running now: one row per process, in all databases; what others do is shown to members of their role and of pg_read_all_stats';
COMMENT ON COLUMN sessionize.progress.pid IS 'process, as in pg_stat_activity';
COMMENT ON COLUMN sessionize.progress.leader_pid IS 'of a parallel worker: the process whose query it is';
COMMENT ON COLUMN sessionize.progress.datid IS 'database that it is connected to';
COMMENT ON COLUMN sessionize.progress.datname IS 'name of that database';
COMMENT ON COLUMN sessionize.progress.usename IS 'role that is logged in';
COMMENT ON COLUMN sessionize.progress.relid IS 'table that is read, in that database; null: not just one';
COMMENT ON COLUMN sessionize.progress.phase IS 'beginning, reading rows, waiting for other processes, sorting partition, putting out sessions or streaming';
COMMENT ON COLUMN sessionize.progress.rows_read IS 'rows that this process has read so far';
COMMENT ON COLUMN sessionize.progress.rows_estimated IS 'rows that the planner had expected, for one time that the query comes to the scan';
COMMENT ON COLUMN sessionize.progress.partitions_total IS 'partitions by actor, those of all processes of the query; 0: streaming needs none';
COMMENT ON COLUMN sessionize.progress.partitions_done IS 'partitions that this process has put out, or found empty';
COMMENT ON COLUMN sessionize.progress.bytes_spilled IS 'bytes that this process has written to temporary files';
