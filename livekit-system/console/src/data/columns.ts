/** Owns: which columns are read of each table, named once. */

export const SESSION_COLUMNS =
  "id, creator_id, type, access_type, title, livekit_room, status, started_at, ended_at, host_left_at, " +
  "viewer_count, peak_viewers, total_gift_coins, mute_all_rank";
export const BAN_COLUMNS =
  "id, user_id, scope, session_id, creator_id, reason, created_at, created_by, expires_at, lifted_at, lifted_by";
export const CALL_COLUMNS =
  "id, caller_id, callee_id, type, status, accepted_at, ended_at, created_at, duration_seconds, end_reason";
export const INCIDENT_COLUMNS =
  "id, session_id, user_id, rule, severity, measured, started_at, strikes, action_id";
export const MINUTE_COLUMNS = "session_id, user_id, minute, talk_seconds, loudness_lufs, peak_dbfs";
export const PARTICIPANT_COLUMNS =
  "session_id, user_id, role, mic_muted, mic_muted_until, camera_off, chat_muted_until, hand_raised_at, " +
  "invited_role, is_online, last_joined_at, left_at, watch_seconds";
export const AUDIT_COLUMNS =
  "n, created_at, action_id, session_id, call_id, action, params, target_user_id, requested_by, " +
  "requested_via, reason, reason_code, dry_run, status, error_code, error, before, after, enforce_ms, undone_at";
