-- Owns: that no right rests on default privileges. Made from the files beside it by `make baseline`.
-- Write a `grant` there, and no `revoke`: all of ours is taken from everyone first, then every grant is made again.

revoke all on table
  live.gone_accounts,
  public.live_ops,
  public.app_settings,
  public.live_roles,
  public.live_sessions,
  public.live_session_transitions,
  public.live_events,
  public.live_tickets,
  public.calls,
  public.live_participants,
  public.live_visits,
  public.live_bans,
  public.user_blocks,
  public.call_preferences,
  public.live_actions,
  public.moderation_actions,
  public.moderation_incidents,
  public.live_audio_stats,
  public.reason_codes,
  public.moderation_cases,
  public.agent_rooms,
  public.agent_workers,
  public.relay_keys,
  public.livekit_webhook_events,
  public.live_level_watches,
  live.wake_marks,
  live.sweeps,
  live.session_hints,
  live.held_hints,
  live.hint_budget,
  live.presence_steps,
  live.spending,
  public.live_media,
  live.rule_circuits,
  public.erasures,
  live.orphan_rooms,
  live.personal_data,
  live.evidence_orders,
  public.evidence_clips,
  public.evidence_access,
  public.moderation_audit,
  public.live_recordings,
  public.live_recording_parts,
  public.live_recording_transitions,
  public.live_recording_acts,
  public.live_recording_consents,
  public.gift_catalog,
  public.coin_wallets,
  public.coin_ledger,
  public.creator_earnings,
  public.live_gifts,
  public.live_messages,
  public.call_transitions,
  public.call_engagements,
  public.live_vods,
  public.live_recording_cuts,
  public.live_vod_plays,
  public.live_replays,
  live.recording_looks,
  live.recording_strays,
  live.ingresses,
  public.live_recording_stops,
  public.watch_time,
  public.creator_revenue,
  public.creator_payouts,
  public.creator_debts,
  public.creator_earned_hours,
  public.creator_open_earnings,
  public.creator_balances,
  public.push_devices,
  live.push_kinds,
  public.push_outbox,
  live.push_audiences,
  public.session_loudness,
  live.gift_runs,
  public.app_setting_changes,
  live.reminders,
  live.api_paths,
  live.app_pre_request,
  public.case_notes,
  public.moderation_appeals,
  public.user_reports,
  public.chat_rules,
  live.looks,
  live.names,
  public.page_outbox,
  public.person_notes,
  public.speech_rules,
  public.content_flags,
  live.speech_rooms,
  live.listens,
  public.shift_notes,
  live.wall_watches,
  public.live_now,
  public.live_upcoming,
  public.my_calls,
  public.session_people,
  live.schema_objects
  from public, anon, authenticated, service_role;

revoke all on sequence
  public.moderation_actions_n_seq,
  live.held_hints_id_seq,
  public.coin_ledger_id_seq,
  public.push_outbox_id_seq,
  public.app_setting_changes_n_seq
  from public, anon, authenticated, service_role;

revoke all on routine
  live.refuse(p_status int, p_code text, p_message text),
  live.text_fault(p_text text, p_most int, p_lines boolean),
  live.clean_text(p_text text, p_what text, p_most int, p_lines boolean),
  live.is_service(),
  live.is_uuid(p_text text),
  live.is_anonymous(),
  live.account_gone(p_user uuid),
  live.is_or_was_account(p_user uuid),
  live.refuse_deleted(p_user uuid),
  live.mark_deleted_accounts(),
  live.mark_soft_deleted_account(),
  live.is_ops(p_user uuid),
  live.am_ops(),
  live.am_lead(),
  live.refuse_others_than_ops(),
  live.require_ops(),
  live.require_ops_or_service(),
  live.least_days_kept(p_key text),
  live.setting_fault(p_key text, p_value jsonb),
  live.check_setting(),
  live.setting(p_key text),
  live.setting_interval(p_key text),
  live.limit_of(p_name text),
  live.rank_of(p_context text, p_role text),
  live.require_role(p_context text, p_role text),
  live.is_staff(p_context text, p_role text),
  live.default_role(p_context text),
  live.rank_of_ops(),
  live.host_rank(),
  live.staff_rank(),
  live.grants_below(p_rank int),
  live.audience_rank(),
  live.policy_shape(),
  live.rung_shape(),
  live.policy_presets(),
  live.policy_defaults(p_shape jsonb),
  live.default_policy(),
  live.merged_policy(p_base jsonb, p_over jsonb),
  live.with_preset(p_policy jsonb),
  live.field_fault(p_name text, p_wanted jsonb, p_value jsonb),
  live.ladder_faults(p_ladder jsonb),
  live.policy_faults(p_policy jsonb, p_shape jsonb, p_path text),
  live.policy_fault(p_policy jsonb),
  live.check_policy(),
  live.rule_shapes(),
  live.clean_title(),
  live.guard_session(),
  live.append_events(p_session uuid, p_type text, p_payloads jsonb[], p_gift_coins bigint),
  live.append_event(p_session uuid, p_type text, p_payload jsonb),
  live.instant(p_at timestamptz),
  live.announce_session_end(),
  live.call_is_running(p_status text),
  live.blocked(p_one uuid, p_other uuid),
  live.my_blocks(),
  live.subscribes(p_user uuid, p_creator uuid),
  live.follows(p_follower uuid, p_creator uuid),
  live.accepts_calls_from(p_callee uuid, p_caller uuid),
  live.forget_consent(p_user uuid),
  live.object_schema(p_properties jsonb, p_required text[]),
  live.action(p_action text),
  live.reason_texts(p_code text),
  live.graver(p_one text, p_other text),
  live.open_case(p_session uuid, p_call uuid, p_user uuid, p_severity text, p_source text),
  live.guard_participant(),
  live.follow_staff(),
  live.tell_access_type(),
  live.tell_role_change(),
  live.seat_host(),
  live.ensure_participant(p_session public.live_sessions, p_user uuid),
  live.rank_in(p_session uuid, p_user uuid),
  live.standing_ban(p_user uuid, p_session uuid, p_creator uuid),
  live.kept_out(p_user uuid, p_session uuid, p_creator uuid),
  live.standing_fault(p_user uuid, p_session uuid, p_creator uuid),
  live.acting_rank(p_session uuid, p_user uuid),
  live.unless_ops(p_user uuid),
  live.name_no_ops(),
  live.touch_banned(),
  live.connection(p_session uuid, p_call uuid, p_user uuid),
  live.bound_by_mute_all(p_row public.live_participants),
  live.shown_name(p_user uuid),
  live.is_staff_in(p_session public.live_sessions, p_user uuid),
  live.allowed_sources(p_rights public.live_roles, p_seat public.live_participants),
  live.permission_of(p_rights public.live_roles, p_seat public.live_participants),
  live.shown_avatar(p_user uuid),
  live.card(p_user uuid),
  live.person(p_row public.live_participants, p_creator uuid),
  live.person_in_session(p_session uuid, p_user uuid),
  live.person_in_call(p_call public.calls, p_user uuid),
  live.access_fault(p_session public.live_sessions, p_user uuid),
  live.connects_too_often(p_user uuid, p_session uuid, p_call uuid),
  live.token_fault(p_user uuid, p_session public.live_sessions, p_call public.calls),
  public.can_join_as(session_id uuid, user_id uuid),
  public.can_join(session_id uuid),
  live.is_watched(p_session public.live_sessions),
  live.count_hint_sessions(),
  live.hint_interval(p_audience int, p_sessions int),
  live.send_hint(p_session public.live_sessions, p_every interval, p_table text, p_ids jsonb),
  live.fold_hint(p_session public.live_sessions, p_table text, p_ids jsonb),
  live.tell_session(p_session uuid, p_table text, p_ids jsonb),
  live.send_held_hints(),
  live.take_mark(p_name text, p_interval interval),
  live.wake_channel(p_worker text),
  live.wake_worker(p_worker text, p_event text, p_payload jsonb),
  live.wake(p_room text),
  live.room_of(p_session uuid, p_call uuid),
  live.wake_for_session(),
  live.tell_of_session(),
  live.wake_for_calls(),
  live.wake_for_participants(),
  live.wake_for_events(),
  live.is_told(p_action text, p_dry_run boolean, p_via text),
  live.wake_for_new_actions(),
  live.wake_for_actions(),
  live.top_of_steps(p_session uuid, p_level int, p_first bigint, p_last bigint, out sum int, out peak int),
  live.set_steps(p_session uuid, p_level int, p_node bigint, p_sum int, p_peak int),
  live.add_step(p_session uuid, p_at timestamptz, p_step int),
  live.peak_viewers(p_session uuid),
  live.forget_steps(),
  live.foldable(p_visit public.live_visits),
  live.fold_visits(p_session uuid, p_user uuid),
  live.fold_call_visits(p_call uuid, p_user uuid),
  live.fold_when_many(p_session uuid, p_call uuid, p_user uuid),
  live.is_folded(p_session uuid, p_user uuid, p_source text, p_event text, p_sid text, p_latest timestamptz),
  live.derive_visit(),
  live.presence_change(p_session uuid, p_was public.live_visits, p_became public.live_visits, p_from timestamptz, p_others_open boolean, out watched interval, out steps jsonb),
  live.refresh_person(p_session public.live_sessions, p_was public.live_participants, p_opened int, p_watched interval, p_source text),
  live.refresh_session(p_session uuid, p_viewers int),
  live.visit_changed_from(p_was public.live_visits, p_became public.live_visits),
  live.apply_visit(p_session public.live_sessions, p_was public.live_visits, p_became public.live_visits, p_source text),
  live.write_visit(p_source text, p_session uuid, p_call uuid, p_event text, p_sid text, p_user uuid, p_at timestamptz, p_reason text, p_permission jsonb, p_beside boolean, out was public.live_visits, out became public.live_visits),
  live.record_presence(p_source text, p_room text, p_event text, p_sid text, p_user text, p_at timestamptz, p_reason text, p_permission jsonb, p_latest timestamptz, p_beside boolean),
  live.close_visits(p_session uuid, p_call uuid, p_at timestamptz, p_reason text),
  live.action_scope(p_action text, p_params jsonb),
  live.action_aspect(p_action text, p_params jsonb),
  live.list_of(p_names text[]),
  live.value_fault(p_schema jsonb, p_value jsonb),
  live.params_fault(p_action text, p_params jsonb),
  live.check_shape(p_row public.moderation_actions),
  live.check_place(p_row public.moderation_actions),
  live.permits(p_via text, p_rank int, p_action text, p_scope text, p_new_rank int),
  live.reaches(p_via text, p_rank int, p_target_rank int),
  live.ops_rank(p_user uuid),
  live.undoes_own(p_row public.moderation_actions, p_rank int),
  live.require_standing_to_ask(p_row public.moderation_actions),
  live.authority_fault(p_row public.moderation_actions, p_rank int),
  live.require_room_to_speak(p_session uuid, p_user uuid),
  live.check_stage(p_row public.moderation_actions),
  live.bans_of(p_row public.moderation_actions),
  live.outranked_by(p_row public.moderation_actions),
  live.standing_of(p_row public.moderation_actions, out until timestamptz, out by_rank int),
  live.require_not_weaker(p_row public.moderation_actions),
  live.refusal_at_claim(p_row public.moderation_actions),
  live.until(p_params jsonb),
  live.do_mute(p_row public.moderation_actions),
  live.do_unmute(p_row public.moderation_actions),
  live.do_camera_off(p_row public.moderation_actions),
  live.do_camera_on(p_row public.moderation_actions),
  live.do_chat_mute(p_row public.moderation_actions),
  live.do_chat_unmute(p_row public.moderation_actions),
  live.do_set_role(p_row public.moderation_actions),
  live.do_kick(p_row public.moderation_actions),
  live.do_ban(p_row public.moderation_actions),
  live.do_unban(p_row public.moderation_actions),
  live.apply_mute_all(p_session uuid, p_rank int),
  live.heard_people(p_session uuid, p_muted boolean),
  live.do_mute_all(p_row public.moderation_actions),
  live.do_unmute_all(p_row public.moderation_actions),
  live.do_announce(p_row public.moderation_actions),
  live.do_delete_message(p_row public.moderation_actions),
  live.do_release_message(p_row public.moderation_actions),
  live.do_pin_message(p_row public.moderation_actions),
  live.do_slow_mode(p_row public.moderation_actions),
  live.do_chat_mode(p_row public.moderation_actions),
  live.do_end_session(p_row public.moderation_actions),
  live.state_of_person(p_row public.moderation_actions),
  live.columns_of(p_record jsonb, p_names text[]),
  live.state_of(p_row public.moderation_actions),
  live.replaced_by(p_row public.moderation_actions),
  live.put_back(p_row public.moderation_actions),
  live.withdraw(p_row public.moderation_actions, p_status text, p_code text, p_error text),
  live.spend(p_user uuid, p_limit text),
  live.set_requester(p_row public.moderation_actions),
  live.lock_for_action(p_row public.moderation_actions),
  live.admit_action(),
  live.author_of(p_session uuid, p_message uuid),
  live.supersede(p_row public.moderation_actions),
  live.finish_at_once(p_id uuid, p_also jsonb),
  live.carry_out(p_row public.moderation_actions, out prior jsonb, out before jsonb, out after jsonb),
  live.rehearse(p_row public.moderation_actions, out before jsonb, out after jsonb),
  live.needs_agent(p_row public.moderation_actions),
  live.after_action(),
  live.close_session_books(),
  public.cancel_action(id uuid),
  live.require_seat(p_session uuid, p_before_start boolean),
  live.is_host_of(p_session uuid, p_user uuid),
  public.raise_hand(session_id uuid),
  public.lower_hand(session_id uuid, user_id uuid),
  live.clear_invitation(p_seat public.live_participants, p_role text),
  public.accept_invite(session_id uuid),
  public.decline_invite(session_id uuid),
  live.closed_to(p_user uuid),
  live.shut_out(p_user uuid),
  live.paid_sessions(p_user uuid),
  live.my_open_sessions(),
  live.my_recent_sessions(),
  live.may_look_back(p_session uuid, p_user uuid),
  live.my_staffed_sessions(),
  live.my_chats(),
  live.my_own_sessions(),
  live.my_tickets(),
  live.may_listen(p_topic text),
  public.watch_levels(session_id uuid),
  public.live_events_since(session_id uuid, after_seq bigint, "limit" int),
  live.record_media(p_session uuid, p_user uuid, p_participant_sid text, p_flowing text[], p_at timestamptz),
  public.agent_media(p_worker text, p_rows jsonb),
  live.read_webhook_track(p_room text, p_event text, p_payload jsonb),
  live.end_media_of_connection(),
  live.end_media_of_session(),
  live.delivered_for_purchases_until(p_session uuid, p_seconds double precision),
  live.place(p_room text, out kind text, out id uuid, out session_id uuid, out call_id uuid, out type text, out context text, out status text, out creator_id uuid, out running boolean),
  live.holds(p_worker text, p_room text, p_epoch bigint),
  live.lock_leases(p_items jsonb),
  live.effective_policy(p_session public.live_sessions),
  live.open_visits(p_session uuid, p_call uuid),
  live.call_people(p_call public.calls),
  live.roles_of(p_context text),
  live.standing_strikes(p_session public.live_sessions),
  live.snapshot(p_room text),
  live.holder_fell(p_lease public.agent_rooms),
  live.claim_room(p_worker text, p_room text, p_bot_identity text, p_ttl_ms int),
  public.agent_claim_rooms(p_worker text, p_rooms jsonb, p_ttl_ms int),
  public.agent_offer(p_worker text, p_rooms jsonb),
  live.settle_closed_room(p_session uuid, p_call uuid),
  public.agent_release(p_worker text, p_rooms jsonb),
  live.worker_lock(p_worker text),
  live.stand(p_worker text, p_takes boolean, p_ttl_ms int, p_early_ms int),
  public.agent_check_in(p_worker text, p_ttl_ms int, p_early_ms int, p_state jsonb),
  public.agent_hand(p_worker text, p_rooms jsonb),
  public.agent_suspect(p_worker text, p_fallen text, p_grace_ms int),
  public.agent_watch(p_worker text, p_early_ms int, p_listed text[], p_ttl_ms int, p_state jsonb),
  live.action_json(p_row public.moderation_actions),
  live.expire_actions(p_session uuid, p_call uuid),
  live.claim_actions(p_worker text, p_session uuid, p_call uuid, p_in_hand uuid[], p_limit int),
  live.room_news(p_worker text, p_room text, p_in_hand uuid[], p_since xid8, p_cursor text, p_limit int),
  live.changed_rooms(p_since xid8),
  live.rooms_with_news(p_rooms jsonb),
  public.agent_pull(p_worker text, p_rooms jsonb, p_ttl_ms int, p_limit int),
  public.agent_waiting(p_worker text),
  live.finish_action(p_worker text, p_result jsonb),
  public.agent_finish_actions(p_worker text, p_results jsonb),
  public.agent_presence(p_worker text, p_reports jsonb),
  public.agent_relayed(p_worker text, p_cursors jsonb),
  public.agent_publish_key(p_kid text, p_public_key text, p_not_after timestamptz),
  live.ask_automatically(p_session uuid, p_user uuid, p_action jsonb),
  live.circuit_open(p_session uuid, p_rule text),
  live.automatic_load(),
  public.agent_incidents(p_worker text, p_rows jsonb),
  public.agent_audio_stats(p_worker text, p_rows jsonb),
  live.at_a_time(),
  live.end_hostless_sessions(),
  live.hands_since(),
  live.people_past_their_time(),
  live.end_timed_states(),
  live.check_paid_access(),
  live.is_moderated(p_room text),
  live.unlisted_rooms(p_rooms text[]),
  live.close_forgotten_visits(p_rooms text[]),
  live.settle_actions(p_rooms text[]),
  public.agent_sweep(p_worker text, p_rooms text[]),
  live.unclaimed_actions(),
  public.agent_overview(),
  live.end_sessions_of(p_user uuid),
  live.end_calls_of(p_user uuid),
  live.put_out(p_user uuid),
  live.delete_rights_of(p_user uuid),
  live.kept_of(p_user uuid),
  live.end_account(p_user uuid, p_by uuid, p_via text),
  live.try_to_end_account(p_user uuid),
  live.settle_accounts(p_within interval),
  live.missed_accounts(),
  live.mark_missed_accounts(),
  public.erase_account(user_id uuid),
  public.delete_my_account(),
  live.orphan_rooms(p_rooms text[]),
  live.retention_of(p_table text),
  live.forget_rows(p_table text, p_most int),
  live.try_to_forget_rows(p_table text, p_most int),
  live.forget_old_rows(),
  live.retention_faults(),
  live.audited_since(p_table text),
  live.access_is_append_only(),
  live.note_case_change(),
  live.wake_for_case(),
  live.keep_sound(p_case uuid, p_why text, p_by uuid),
  live.evidence_of(p_session uuid),
  public.keep_evidence(session_id uuid, user_id uuid, reason text),
  live.clip_cause(p_session uuid, p_row jsonb),
  public.agent_evidence(p_worker text, p_row jsonb),
  public.agent_evidence_stored(p_worker text, p_id uuid, p_sha256 text, p_bytes int),
  live.clip_to_see(p_user uuid, p_clip uuid),
  live.note_access(p_clip uuid, p_user uuid, p_act text, p_reason text),
  public.evidence_open(p_user uuid, p_clip uuid, p_reason text),
  public.hold_evidence(clip_id uuid, hold boolean, reason text),
  live.clips_json(p_case uuid),
  live.judge_clips(),
  live.link_clips(),
  live.clip_is_held(p_clip public.evidence_clips),
  live.clips_over(),
  live.evidence_due(),
  public.evidence_to_delete(p_most int),
  public.evidence_deleted(p_ids uuid[]),
  live.evidence_faults(),
  public.evidence_notice(),
  live.require_account(p_user uuid),
  live.require_member(),
  live.refuse_token(p_reason text),
  live.require_entry(p_session uuid, p_user uuid),
  live.one_at_a_time(p_what text, p_user uuid),
  live.require_key(p_key text),
  live.require_price(p_expected bigint, p_coins bigint),
  live.relay_keys_now(),
  live.token_sources(p_rights public.live_roles, p_seat public.live_participants, p_sound_only boolean),
  live.token_grant(p_user uuid, p_session public.live_sessions, p_call public.calls),
  live.recording_runs(p_state text),
  live.recording_is_over(p_state text),
  live.guard_recording(),
  live.wake_for_recording(),
  live.drop_wishes(p_session uuid, p_why text),
  live.stop_recordings_at_end(),
  live.note_recording_act(p_recording uuid, p_user uuid, p_act text, p_via text, p_reason text),
  live.recording_json(p_row public.live_recordings),
  live.recordings_of(p_session uuid),
  public.agent_recordings(p_worker text, p_rooms jsonb),
  live.lapse_wishes(),
  live.is_errand(p_recording public.live_recordings, p_session public.live_sessions),
  public.agent_recording_errands(p_worker text, p_most int),
  live.recordings_wait(),
  live.may_report(p_worker text, p_room text, p_recording public.live_recordings, p_row jsonb),
  live.report_part(p_recording public.live_recordings, p_part jsonb),
  live.report_fault(p_recording public.live_recordings, p_state text),
  live.report_recording(p_worker text, p_row jsonb),
  public.agent_recording_report(p_worker text, p_rows jsonb),
  live.nanoseconds(p_text text),
  live.read_webhook_egress(p_room text, p_event text, p_payload jsonb),
  public.recording_notice(),
  live.answer_by(p_begins timestamptz),
  live.publish_until(p_session uuid, p_user uuid),
  public.publish_until(person public.live_participants),
  live.touch_publishers(p_session uuid),
  live.recording_changes_rights(),
  live.answer_recording(p_session uuid, p_user uuid, p_version text, p_agrees boolean),
  live.require_to_answer(p_session uuid, p_user uuid),
  public.consent_to_recording(session_id uuid, notice_version text, agrees boolean),
  public.withdraw_recording_consent(session_id uuid),
  live.may_record_to(p_path text),
  live.move_wallet(),
  live.book_earnings(),
  live.books_are_append_only(),
  live.books_move_by_ledger_only(),
  live.clean_gift_names(),
  live.lock_wallet(p_user uuid),
  live.gift_receipt(p_gift public.live_gifts),
  live.hold_live(p_session uuid),
  live.book_gift(p_gift public.live_gifts),
  public.send_gift(session_id uuid, gift_code text, quantity integer, idempotency_key text, p_expected_coins bigint),
  public.credit_coins(p_user uuid, p_coins bigint, p_reference text, p_note text),
  live.ticket_receipt(p_ticket uuid),
  live.require_ticket_sale(p_session public.live_sessions, p_user uuid),
  live.receipt_of_key(p_user uuid, p_key text, p_what uuid),
  live.sell_ticket(p_session uuid, p_recording uuid, p_user uuid, p_coins bigint, p_key text, p_funds bigint),
  public.buy_ticket(session_id uuid, idempotency_key text, p_expected_coins bigint),
  live.require_chat_mode(p_session public.live_sessions, p_user uuid),
  live.require_pause(p_session public.live_sessions, p_user uuid),
  live.guard_message(),
  live.forget_names(p_user uuid),
  live.last_seen_in_call(p_call uuid),
  live.last_together_in_call(p_call public.calls),
  live.begin_call(),
  live.step_call(),
  live.engage_parties(),
  live.release_parties(),
  live.hold_lines(p_users uuid[]),
  live.require_call(p_call uuid, p_user uuid),
  live.call_reply(p_call public.calls, p_user uuid),
  live.rings_too_long(p_call public.calls),
  live.miss_calls(p_users uuid[]),
  live.is_on_air(p_user uuid),
  live.spend_call(p_caller uuid, p_callee uuid),
  live.require_line(p_caller uuid, p_callee uuid),
  public.call_start(p_user uuid, p_callee uuid, p_type text, p_sign_in text),
  live.require_same_device(p_call uuid, p_user uuid, p_sign_in text),
  public.call_answer(p_user uuid, p_call uuid, p_accept boolean, p_sign_in text),
  public.call_token(p_user uuid, p_call uuid),
  public.call_end(p_user uuid, p_call uuid),
  live.tell_messages(),
  live.vod_stretches(p_recording uuid),
  live.vod_second(p_recording uuid, p_at timestamptz),
  live.chapters_of(p_recording public.live_recordings),
  live.picture_of(p_recording public.live_recordings),
  live.make_vod(),
  live.is_over(p_recording public.live_recordings),
  live.vod_access_fault(p_vod public.live_vods, p_user uuid),
  live.vod_fault(p_user uuid, p_vod public.live_vods),
  live.refuse_vod(p_reason text),
  live.vod_to_watch(p_user uuid, p_recording uuid),
  live.heard_in(p_recording public.live_recordings, p_user uuid),
  live.ask_for_cuts(p_recording public.live_recordings, p_user uuid, p_why text),
  live.cut_who_withdrew(),
  live.cut_late_withdrawals(),
  live.shown_cuts(p_recording uuid),
  live.recording_of_mine(p_user uuid, p_recording uuid),
  public.publish_vod(recording_id uuid, published boolean, title text, access_type text, price_coins int),
  public.cut_recording(recording_id uuid, from_seconds double precision, to_seconds double precision),
  public.decide_cut(cut_id uuid, decision text),
  public.recording_delete(p_user uuid, p_recording uuid),
  public.hold_recording(recording_id uuid, hold boolean, reason text),
  live.recordings_over(),
  live.recordings_past(),
  public.recordings_to_delete(p_most int),
  public.recordings_deleted(p_ids uuid[]),
  live.recording_faults(),
  live.take_down_vod(p_row public.moderation_actions, p_at timestamptz),
  live.do_take_down(p_row public.moderation_actions),
  live.do_restore(p_row public.moderation_actions),
  live.forget_recordings(p_user uuid),
  live.cuts_to_erase(),
  live.cuts_past(),
  public.recording_cuts_to_erase(p_most int),
  public.recording_cut_erased(p_id uuid, p_paths text[]),
  live.drop_picture(),
  public.recording_files(p_user uuid, p_recording uuid),
  public.vod_open(p_user uuid, p_recording uuid, p_key_hash text),
  public.vod_parts(p_key_hash text),
  live.my_vod_access(p_vod public.live_vods),
  live.shown_seconds(p_vod public.live_vods),
  public.vod_chat(recording_id uuid, from_seconds double precision, max_lines int),
  public.vod_figures(recording_id uuid),
  public.recording_store_faults(p_store text, p_found jsonb),
  live.look_is_due(),
  public.recording_look(p_stores text[]),
  public.recordings_stored(p_after text, p_sessions int),
  public.recording_stored_files(p_prefix text),
  public.recording_looked(p_store text, p_after text, p_upto text, p_found text[]),
  public.recording_look_ended(p_store text, p_refused boolean),
  live.look_faults(),
  live.replay_refundable(),
  live.bought_replay(p_user uuid, p_recording uuid),
  live.require_replay_sale(p_vod public.live_vods, p_user uuid),
  public.buy_vod(recording_id uuid, idempotency_key text, p_expected_coins bigint),
  live.earn_watched_replay(p_vod public.live_vods, p_user uuid),
  live.recordings_with_held_tickets(),
  live.replay_is_gone(p_recording uuid),
  live.cut_since(p_recording uuid, p_at timestamptz),
  live.settle_replay_tickets(),
  live.owe_blocked(),
  public.call_upgrade(p_user uuid, p_call uuid, p_accept boolean),
  public.live_faults(),
  live.require_creator(p_user uuid),
  live.session_fault(p_type text, p_access_type text, p_title text, p_price_coins integer, p_scheduled_at timestamptz),
  live.session_json(p_session public.live_sessions),
  live.session_join(p_session public.live_sessions, p_user uuid),
  live.require_not_live(p_creator uuid, p_but uuid),
  live.require_slot(p_creator uuid),
  public.session_create(p_user uuid, p_type text, p_access_type text, p_title text, p_price_coins integer, p_scheduled_at timestamptz, p_planned_minutes integer),
  public.session_start(p_user uuid, p_session uuid),
  public.session_token(p_user uuid, p_session uuid),
  live.ingress_is_over(p_room text),
  public.session_ingress(p_user uuid, p_session uuid),
  public.ingress_deleted(p_room text),
  public.session_end(p_user uuid, p_session uuid),
  live.webhook_is_about_a_person(p_participant jsonb),
  live.webhook_person(p_participant jsonb),
  live.webhook_permission(p_permission jsonb),
  live.read_webhook_participant(p_room text, p_event text, p_payload jsonb),
  live.read_webhook_room_finished(p_room text, p_payload jsonb),
  live.webhook_ends_ingress(p_event text, p_room text),
  public.record_webhook(p_id text, p_event text, p_room text, p_payload jsonb),
  live.end_empty_calls(),
  live.end_lonely_calls(),
  live.end_no_shows(),
  live.forget_leftovers(),
  public.platform_sweep(),
  public.set_recording_allowed(creator_id uuid, allowed boolean, reason text),
  live.recorded_minutes(p_from timestamptz, p_to timestamptz),
  live.recording_usage(),
  public.recording_usage(),
  live.recording_answer(p_recording public.live_recordings),
  live.recording_rank(p_session public.live_sessions, p_user uuid),
  live.session_to_record(p_user uuid, p_session uuid),
  live.refuse_to_record(p_session public.live_sessions, p_mode text),
  live.announce_recording(p_recording public.live_recordings),
  public.recording_start(p_user uuid, p_session uuid, p_mode text, p_mp4 boolean),
  public.recording_stop(p_user uuid, p_recording uuid),
  live.tell_recording(),
  public.session_performance(p_session uuid),
  live.connections(p_from timestamptz, p_to timestamptz),
  live.usage_measures(p_from timestamptz, p_to timestamptz),
  live.usage_level(p_ratio numeric),
  public.platform_usage(p_month date),
  live.seconds_to_deliver(p_session public.live_sessions),
  live.earn_tickets_of(p_session public.live_sessions),
  live.owe_undelivered(p_session public.live_sessions),
  live.sessions_with_held_tickets(),
  live.earn_tickets(),
  live.owe_removed(),
  live.hold_wallet(p_user uuid),
  live.pay_back(p_ticket uuid, p_by uuid, p_reason text, p_payable bigint),
  live.refund_tickets(),
  live.require_refunder(p_reason text),
  public.refund_ticket(ticket_id uuid, reason text),
  live.take_back_gift(p_gift public.live_gifts, p_by uuid, p_reason text, p_payable bigint),
  public.refund_gift(gift_id uuid, reason text),
  public.refund_session(session_id uuid, reason text),
  public.adjust_coins(user_id uuid, coins bigint, reason text, p_reference text),
  live.end_calls_between(p_one uuid, p_other uuid),
  live.clear_stage_between(p_one uuid, p_other uuid),
  public.block_user(user_id uuid),
  public.unblock_user(user_id uuid),
  public.set_calls_from(calls_from text),
  live.holding(),
  live.earning_hour(p_earned_at timestamptz),
  live.settle_earnings(),
  live.fold_earnings(),
  live.hold_earnings(p_creator uuid),
  live.payable(p_creator uuid),
  live.taken_from_payable(p_earned_at timestamptz, p_coins bigint),
  live.owe(p_creator uuid, p_payable bigint, p_taken bigint, p_refund bigint),
  public.record_payout(p_creator uuid, p_coins bigint, p_reference text, p_note text),
  public.book_faults(),
  public.register_push_device(p_provider text, p_token text, p_installation text, p_platform text, p_language text),
  public.forget_push_device(p_installation text),
  live.forget_push(p_user uuid),
  live.push(p_users uuid[], p_kind text, p_subject uuid, p_expires_at timestamptz),
  live.push_call(),
  live.push_went_live(),
  live.push_to_followers(p_most int),
  public.session_policy(session_id uuid),
  live.tell_of_incidents(),
  live.tell_user(p_user uuid, p_event text, p_payload jsonb),
  live.call_news(p_call public.calls, p_happened text),
  live.tell_call(),
  live.tell_invitation(),
  live.tell_ban(),
  live.tell_refund(),
  live.tell_mic(),
  live.tell_hand(),
  live.tell_mute_all(),
  live.tell_removal(),
  live.tell_milestone(),
  live.tell_end(),
  live.forget_end(),
  live.announce_ends(),
  live.run_is_over(p_run live.gift_runs),
  live.end_gift_runs(p_session uuid),
  live.extend_gift_run(),
  live.forget_gift_runs(),
  live.tell_gift_combos(),
  public.revoke_relay_key(kid text),
  live.pushes_due(),
  live.pushes_taken(p_ids bigint[]),
  public.push_claim(p_most int),
  live.finish_push(p_id bigint, p_outcome text, p_error text, p_receipt text, p_after double precision),
  public.push_finish(p_results jsonb),
  live.through_assistant(),
  live.record_setting_change(),
  public.change_setting(key text, value jsonb, reason text, seen timestamptz),
  public.explain_access(session_id uuid, user_id uuid),
  live.described_tables(),
  public.live_schema(),
  public.agent_surroundings(p_token uuid, p_rooms text[]),
  public.my_rights(session_id uuid),
  live.ticket_holders(p_session uuid),
  live.tell_holders(p_session public.live_sessions, p_happened text, p_expires_at timestamptz),
  live.require_announced(p_session uuid),
  public.move_session(session_id uuid, scheduled_at timestamptz),
  public.cancel_session(session_id uuid, reason text),
  live.remind_holders(),
  live.remember_paths(),
  live.decoded_path(p_path text),
  live.request_reads(p_path text, p_method text),
  live.embeds_too_much(p_query text),
  live.may_embed(),
  live.guard_reads(),
  live.take_place(p_kind text, p_whose text, p_places int),
  live.slow_reads(),
  live.is_present_staff(p_user uuid),
  live.bound_read(p_user uuid),
  live.bound_request(),
  live.app_pre_request_name(),
  live.before_request(),
  live.hook_requests(),
  live.open_case_of(p_session uuid, p_call uuid, p_user uuid),
  live.link_action_to_case(),
  live.link_case(),
  live.link_incident_to_case(),
  live.ring_case(),
  live.case_state(p_case public.moderation_cases),
  live.case_to_see(p_case uuid),
  live.case_to_work_on(p_case uuid),
  public.claim_case(id uuid),
  public.release_case(id uuid),
  public.add_case_note(case_id uuid, body text, id uuid),
  public.resolve_case(id uuid, decision text, reason_code text),
  live.took_something(p_row public.moderation_actions),
  live.may_be_appealed(p_row public.moderation_actions),
  live.statement_of(p_row public.moderation_actions),
  public.my_decisions(before timestamptz, "limit" int),
  public.appeal(action_id uuid, text text),
  public.appeal_inbox("limit" int, skip int),
  live.other_ops_exist(p_me uuid, p_about uuid),
  live.undo_of(p_row public.moderation_actions),
  live.lift(p_row public.moderation_actions),
  public.decide_appeal(id uuid, decision text, answer text),
  live.release_clips(),
  live.shorten_ban(),
  public.confirm_ban(ban_id uuid),
  public.moderation_measures(since timestamptz, until timestamptz),
  live.reporter_accuracy(p_reporter uuid),
  live.credible_reporters(p_case uuid),
  live.was_there(p_user uuid, p_session uuid, p_call uuid),
  live.has_watched(p_user uuid, p_recording uuid),
  live.add_report(p_user uuid, p_session uuid, p_call uuid, p_message uuid, p_reason text, p_text text, p_recording uuid),
  live.forget_reports(p_user uuid),
  public.report_person(user_id uuid, reason_code text, text text, session_id uuid, call_id uuid),
  public.report_message(message_id uuid, reason_code text, text text),
  public.report_session(session_id uuid, reason_code text, text text),
  public.report_recording(recording_id uuid, reason_code text, text text),
  live.case_rank(p_case public.moderation_cases),
  public.case_inbox(state text, "limit" int, skip int),
  public.case_file(id uuid),
  live.lower_turkish(p_text text),
  live.plain_letters(p_text text),
  live.chat_words(p_text text),
  live.word_is(p_word text, p_folded text, p_stem boolean),
  live.chat_words(p_text text, p_exact_letters boolean),
  live.chat_matches(p_text text, p_creator uuid),
  live.fold_rule(),
  live.judge_message(),
  live.require_moderator(p_session uuid),
  live.others_looking(p_me uuid, p_target uuid, p_session uuid),
  live.acts_after(p_me uuid, p_target uuid, p_session uuid, p_n bigint),
  public.look_at_person(target_user_id uuid, session_id uuid, after_n bigint),
  public.look_away(),
  live.held_by(p_row public.moderation_actions),
  live.foretold(p_action text, p_session uuid, p_target uuid, p_params jsonb),
  public.preview_action(action text, session_id uuid, target_user_id uuid, params jsonb),
  public.preview_actions(action text, target_user_ids uuid[], session_id uuid, params jsonb),
  live.searchable(p_text text),
  live.learn_names(p_users uuid[]),
  live.learn_name(),
  live.refresh_names(),
  public.find_people(search text, "limit" int),
  live.page(p_case uuid, p_severity text),
  live.page_grave_case(),
  live.pages_due(),
  live.settle_pages(),
  public.page_claim(p_most int),
  public.page_finish(p_id uuid, p_sent boolean, p_error text, p_after double precision),
  public.add_person_note(user_id uuid, body text, id uuid),
  live.forget_notes(p_user uuid),
  live.is_flagged_speaker(p_session public.live_sessions, p_user uuid),
  live.flagged_speakers(p_session public.live_sessions),
  live.speech_lists(),
  live.speech_places(),
  live.unheard_rooms(),
  public.speech_pull(p_worker text, p_lists text, p_most int),
  live.speech_place(p_worker text, p_room text),
  public.speech_flag(p_worker text, p_row jsonb),
  public.picture_found(p_worker text, p_row jsonb),
  public.picture_stored(p_worker text, p_id uuid, p_sha256 text, p_bytes int),
  live.frame_is_awaited(p_path text),
  live.flags_json(p_case uuid),
  live.do_export_audit(p_row public.moderation_actions),
  live.page_of(p_limit int),
  live.room_facts(p_session public.live_sessions, p_leases boolean, out incidents int, out worst text, out loud_user uuid, out loud_lufs double precision, out hands int, out worker text, out claimed_at timestamptz, out trouble text[]),
  live.livekit_away(),
  live.workers_away(),
  public.console_rooms(search text, type text, trouble_only boolean, sort text, "limit" int, skip int),
  live.console_card(p_user uuid),
  live.seat_facts(p_seat public.live_participants, p_limit double precision, out lufs double precision, out incidents int, out trouble int),
  public.console_people(session_id uuid, search text, sort text, "limit" int, skip int, heard uuid[]),
  live.rank_of_role(p_role text),
  live.console_seat(p_seat public.live_participants),
  live.rows_of(p_user uuid, p_table text),
  live.key_of(p_table text),
  live.export_rows(p_user uuid, p_table text, p_skip int, p_most int),
  public.export_my_data(p_table text, p_skip int),
  live.do_listen(p_row public.moderation_actions),
  public.ops_listen(p_user uuid, p_session uuid, p_reason text, p_case uuid),
  public.stop_listening(),
  public.listening_digest(since timestamptz),
  live.listens_over(),
  public.policy_form(),
  public.change_session_policy(session_id uuid, policy jsonb, reason text, seen jsonb),
  public.own_session_policy(session_id uuid),
  live.policy_in_force(p_platform jsonb, p_own jsonb),
  live.seconds_above(p_histogram jsonb, p_limit double precision),
  live.top_rung(p_ladder jsonb, p_ceiling text, p_role text),
  live.climb(p_policy jsonb, p_role text, p_over double precision, p_minute timestamptz, inout strikes double precision, inout rung int, inout at timestamptz),
  live.would_have(p_platform jsonb, p_session uuid, p_own jsonb, p_since timestamptz, p_rows int),
  live.rules_by_minutes(p_platform jsonb, p_session uuid, p_own jsonb, p_since timestamptz, p_rows int),
  live.rules_by_incidents(p_platform jsonb, p_session uuid, p_own jsonb, p_since timestamptz, p_rows int),
  live.rule_bound(p_now jsonb, p_then jsonb),
  live.estimated_rules(p_platform jsonb, p_platform_then jsonb, p_session uuid, p_own_then jsonb, p_since timestamptz, p_rows int),
  public.estimate_policy(policy jsonb, session_id uuid, days int),
  public.hand_over(body text, id uuid),
  live.shift_acts(p_since timestamptz),
  public.shift_overview(since timestamptz),
  public.operator_measures(since timestamptz, until timestamptz),
  live.is_on_a_wall(p_session uuid),
  public.wall_pictures(session_ids uuid[]),
  live.shows_the_last(p_last live.wall_pictures, p_user uuid),
  public.picture_shown(p_worker text, p_room text, p_user uuid, p_at timestamptz, p_jpeg text, p_state text),
  live.sweep_wall(),
  live.my_access(p_session public.live_sessions),
  live.schema_now(),
  live.remember_schema(),
  public.live_schema_contract()
  from public, anon, authenticated, service_role;

grant usage on schema live to anon, authenticated, service_role;
grant execute on function live.is_service() to anon, authenticated, service_role;
grant execute on function live.is_uuid(text) to anon, authenticated, service_role;
grant execute on function live.is_anonymous() to anon, authenticated, service_role;
grant execute on function live.account_gone(uuid) to service_role;
grant usage on schema public to live_agent;
grant select, insert, update, delete on public.live_ops to service_role;
grant select on public.live_ops to authenticated;
grant execute on function live.is_ops(uuid) to authenticated, service_role;
grant execute on function live.am_ops() to authenticated, service_role;
grant select, insert, update, delete on public.app_settings to service_role;
grant select, update (value) on public.app_settings to authenticated;
grant execute on function live.setting(text) to service_role;
grant select on public.live_roles to anon, authenticated, service_role;
grant execute on function live.rank_of_ops() to service_role;
grant select, insert, update on public.live_sessions to service_role;
grant select on public.live_sessions to anon, authenticated;
grant update (title) on public.live_sessions to authenticated;
grant select on public.live_session_transitions to service_role;
grant select on public.live_events to authenticated, service_role;
grant select on public.live_tickets to authenticated, service_role;
grant select, insert, update on public.calls to service_role;
grant select on public.calls to authenticated;
grant select, insert, update on public.live_participants to service_role;
grant select on public.live_participants to authenticated;
grant select, insert, update on public.live_visits to service_role;
grant select on public.live_visits to authenticated;
grant select, insert, update on public.live_bans to service_role;
grant select on public.live_bans to authenticated;
grant select, delete on public.user_blocks to service_role;
grant select on public.user_blocks to authenticated;
grant select, delete on public.call_preferences to service_role;
grant select on public.call_preferences to authenticated;
grant execute on function live.my_blocks() to authenticated;
grant select on public.live_actions to anon, authenticated, service_role;
grant select, insert on public.moderation_actions to service_role;
grant select, insert (id, session_id, target_user_id, action, params, reason, dry_run) on public.moderation_actions to authenticated;
grant select, insert, update on public.moderation_incidents to service_role;
grant select on public.moderation_incidents to authenticated;
grant select, insert, update on public.live_audio_stats to service_role;
grant select on public.live_audio_stats to authenticated;
grant select on public.reason_codes to anon, authenticated, service_role;
grant insert (reason_code) on public.moderation_actions to authenticated;
grant select, insert, update on public.moderation_cases to service_role;
grant select on public.moderation_cases to authenticated;
grant select, insert, update, delete on public.agent_rooms to service_role;
grant select on public.agent_rooms to authenticated;
grant select, insert, update, delete on public.agent_workers to service_role;
grant select on public.agent_workers to authenticated;
grant select, insert, update on public.relay_keys to service_role;
grant select on public.relay_keys to authenticated;
grant select, insert, delete on public.livekit_webhook_events to service_role;
grant select, delete on public.live_level_watches to service_role;
grant execute on function public.can_join_as(uuid, uuid) to service_role;
grant execute on function public.can_join(uuid) to authenticated, service_role;
grant execute on function public.cancel_action(uuid) to authenticated, service_role;
grant execute on function public.raise_hand(uuid) to authenticated;
grant execute on function public.lower_hand(uuid, uuid) to authenticated;
grant execute on function public.accept_invite(uuid) to authenticated;
grant execute on function public.decline_invite(uuid) to authenticated;
grant execute on function live.my_open_sessions() to authenticated;
grant execute on function live.my_recent_sessions() to authenticated;
grant execute on function live.my_staffed_sessions() to authenticated;
grant execute on function live.my_chats() to authenticated;
grant execute on function live.my_own_sessions() to authenticated;
grant execute on function live.my_tickets() to authenticated;
grant execute on function live.may_listen(text) to authenticated;
grant execute on function public.watch_levels(uuid) to authenticated;
grant execute on function public.live_events_since(uuid, bigint, int) to authenticated, service_role;
grant select on public.live_media to authenticated, service_role;
grant execute on function public.agent_media(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_claim_rooms(text, jsonb, int) to service_role, live_agent;
grant execute on function public.agent_offer(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_release(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_check_in(text, int, int, jsonb) to service_role, live_agent;
grant execute on function public.agent_hand(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_suspect(text, text, int) to service_role, live_agent;
grant execute on function public.agent_watch(text, int, text[], int, jsonb) to service_role, live_agent;
grant execute on function public.agent_pull(text, jsonb, int, int) to service_role, live_agent;
grant execute on function public.agent_waiting(text) to service_role, live_agent;
grant execute on function public.agent_finish_actions(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_presence(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_relayed(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_publish_key(text, text, timestamptz) to service_role, live_agent;
grant execute on function public.agent_incidents(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_audio_stats(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_sweep(text, text[]) to service_role, live_agent;
grant execute on function public.agent_overview() to service_role, live_agent;
grant select on public.erasures to authenticated, service_role;
grant execute on function public.erase_account(uuid) to authenticated, service_role;
grant execute on function public.delete_my_account() to authenticated;
grant select on public.evidence_clips to authenticated, service_role;
grant select on public.evidence_access to authenticated, service_role;
grant execute on function public.keep_evidence(uuid, uuid, text) to authenticated;
grant execute on function public.agent_evidence(text, jsonb) to service_role;
grant execute on function public.agent_evidence_stored(text, uuid, text, int) to service_role;
grant execute on function public.evidence_open(uuid, uuid, text) to service_role;
grant execute on function public.hold_evidence(uuid, boolean, text) to authenticated;
grant execute on function public.evidence_to_delete(int) to service_role;
grant execute on function public.evidence_deleted(uuid[]) to service_role;
grant execute on function public.evidence_notice() to authenticated;
grant select on public.moderation_audit to authenticated, service_role;
grant select on public.live_recordings to authenticated, service_role;
grant select on public.live_recording_parts to authenticated, service_role;
grant select on public.live_recording_transitions to service_role;
grant select on public.live_recording_acts to authenticated, service_role;
grant execute on function public.agent_recordings(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_recording_errands(text, int) to service_role, live_agent;
grant execute on function public.agent_recording_report(text, jsonb) to service_role, live_agent;
grant select on public.live_recording_consents to authenticated, service_role;
grant execute on function public.recording_notice() to authenticated, service_role;
grant execute on function public.publish_until(public.live_participants) to authenticated, service_role;
grant execute on function public.consent_to_recording(uuid, text, boolean) to authenticated;
grant execute on function public.withdraw_recording_consent(uuid) to authenticated;
grant execute on function live.may_record_to(text) to authenticated;
grant select on public.gift_catalog to authenticated, service_role;
grant insert, update on public.gift_catalog to authenticated, service_role;
grant select on public.coin_wallets, public.coin_ledger, public.creator_earnings to authenticated, service_role;
grant select on public.live_gifts to authenticated, service_role;
grant execute on function public.send_gift(uuid, text, integer, text, bigint) to authenticated;
grant execute on function public.credit_coins(uuid, bigint, text, text) to service_role;
grant execute on function public.buy_ticket(uuid, text, bigint) to authenticated;
grant select, insert (id, session_id, body) on public.live_messages to authenticated;
grant select, insert on public.live_messages to service_role;
grant select on public.call_transitions to service_role;
grant select on public.call_engagements to service_role;
grant execute on function public.call_start(uuid, uuid, text, text), public.call_answer(uuid, uuid, boolean, text), public.call_token(uuid, uuid), public.call_end(uuid, uuid) to service_role;
grant select on public.live_vods to authenticated, service_role;
grant select on public.live_recording_cuts to authenticated, service_role;
grant execute on function public.publish_vod(uuid, boolean, text, text, int), public.cut_recording(uuid, double precision, double precision), public.decide_cut(uuid, text) to authenticated;
grant execute on function public.recording_delete(uuid, uuid) to service_role;
grant execute on function public.hold_recording(uuid, boolean, text) to authenticated;
grant execute on function public.recordings_to_delete(int), public.recordings_deleted(uuid[]) to service_role;
grant execute on function public.recording_cuts_to_erase(int), public.recording_cut_erased(uuid, text[]) to service_role;
grant execute on function public.recording_files(uuid, uuid) to service_role;
grant select (id, recording_id, user_id, started_at, last_at, watched_seconds) on public.live_vod_plays to authenticated;
grant select on public.live_vod_plays to service_role;
grant execute on function public.vod_open(uuid, uuid, text), public.vod_parts(text) to service_role;
grant execute on function live.my_vod_access(public.live_vods) to authenticated;
grant execute on function live.shown_seconds(public.live_vods) to authenticated;
grant select on public.live_replays to authenticated;
grant execute on function public.vod_chat(uuid, double precision, int) to authenticated;
grant execute on function public.vod_figures(uuid) to authenticated;
grant execute on function public.recording_store_faults(text, jsonb) to service_role;
grant execute on function public.recordings_stored(text, int), public.recording_stored_files(text), public.recording_look(text[]), public.recording_looked(text, text, text, text[]), public.recording_look_ended(text, boolean) to service_role;
grant execute on function public.buy_vod(uuid, text, bigint) to authenticated;
grant execute on function public.call_upgrade(uuid, uuid, boolean) to service_role;
grant execute on function public.live_faults() to service_role;
grant execute on function public.session_create(uuid, text, text, text, integer, timestamptz, integer), public.session_start(uuid, uuid), public.session_token(uuid, uuid), public.session_ingress(uuid, uuid), public.ingress_deleted(text), public.session_end(uuid, uuid) to service_role;
grant execute on function public.record_webhook(text, text, text, jsonb) to service_role;
grant execute on function public.platform_sweep() to service_role;
grant select on public.live_recording_stops to authenticated, service_role;
grant execute on function public.set_recording_allowed(uuid, boolean, text) to authenticated;
grant execute on function public.recording_usage() to authenticated, service_role;
grant execute on function public.recording_start(uuid, uuid, text, boolean) to service_role;
grant execute on function public.recording_stop(uuid, uuid) to service_role;
grant select on public.watch_time to authenticated, service_role;
grant select on public.creator_revenue to authenticated, service_role;
grant execute on function public.session_performance(uuid) to authenticated, service_role;
grant execute on function public.platform_usage(date) to authenticated, service_role;
grant execute on function public.refund_ticket(uuid, text) to authenticated, service_role;
grant execute on function public.refund_gift(uuid, text) to authenticated, service_role;
grant execute on function public.refund_session(uuid, text) to authenticated, service_role;
grant execute on function public.adjust_coins(uuid, bigint, text, text) to authenticated, service_role;
grant execute on function public.block_user(uuid) to authenticated;
grant execute on function public.unblock_user(uuid) to authenticated;
grant execute on function public.set_calls_from(text) to authenticated;
grant select on public.creator_payouts, public.creator_debts to authenticated, service_role;
grant execute on function live.holding() to authenticated, service_role;
grant select on public.creator_earned_hours, public.creator_open_earnings to authenticated, service_role;
grant select on public.creator_balances to authenticated, service_role;
grant execute on function public.record_payout(uuid, bigint, text, text) to service_role;
grant execute on function public.book_faults() to service_role;
grant select, delete on public.push_devices to authenticated;
grant select on public.push_devices to service_role;
grant select on public.push_outbox to service_role;
grant execute on function public.register_push_device(text, text, text, text, text) to authenticated;
grant execute on function public.forget_push_device(text) to authenticated;
grant execute on function public.session_policy(uuid) to authenticated, service_role;
grant select on public.session_loudness to authenticated, service_role;
grant execute on function public.revoke_relay_key(text) to authenticated, service_role;
grant execute on function public.push_claim(int) to service_role;
grant execute on function public.push_finish(jsonb) to service_role;
grant select on public.app_setting_changes to authenticated, service_role;
grant execute on function public.change_setting(text, jsonb, text, timestamptz) to authenticated;
grant execute on function public.explain_access(uuid, uuid) to authenticated, service_role;
grant execute on function public.live_schema() to authenticated, service_role;
grant execute on function public.agent_surroundings(uuid, text[]) to service_role;
grant insert (call_id) on public.moderation_actions to authenticated;
grant execute on function public.my_rights(uuid) to authenticated, service_role;
grant execute on function public.move_session(uuid, timestamptz) to authenticated;
grant execute on function public.cancel_session(uuid, text) to authenticated;
grant execute on function live.may_embed() to anon, authenticated;
grant select on public.case_notes to authenticated, service_role;
grant execute on function public.claim_case(uuid) to authenticated;
grant execute on function public.release_case(uuid) to authenticated;
grant execute on function public.add_case_note(uuid, text, uuid) to authenticated;
grant execute on function public.resolve_case(uuid, text, text) to authenticated;
grant select (id, action_id, user_id, text, created_at, decision, decided_at, answer) on public.moderation_appeals to authenticated;
grant select on public.moderation_appeals to service_role;
grant execute on function public.my_decisions(timestamptz, int) to authenticated;
grant execute on function public.appeal(uuid, text) to authenticated;
grant execute on function public.appeal_inbox(int, int) to authenticated;
grant execute on function public.decide_appeal(uuid, text, text) to authenticated;
grant execute on function public.confirm_ban(uuid) to authenticated;
grant execute on function public.moderation_measures(timestamptz, timestamptz) to authenticated;
grant select on public.user_reports to authenticated, service_role;
grant execute on function public.report_person(uuid, text, text, uuid, uuid), public.report_message(uuid, text, text), public.report_session(uuid, text, text), public.report_recording(uuid, text, text) to authenticated;
grant execute on function public.case_inbox(text, int, int) to authenticated;
grant execute on function public.case_file(uuid) to authenticated;
grant select, insert, update, delete on public.chat_rules to service_role;
grant select, insert (scope, creator_id, pattern, effect, language, exact_letters), delete on public.chat_rules to authenticated;
grant execute on function public.look_at_person(uuid, uuid, bigint), public.look_away(), public.preview_action(text, uuid, uuid, jsonb), public.preview_actions(text, uuid[], uuid, jsonb) to authenticated;
grant execute on function public.find_people(text, int) to authenticated;
grant select on public.page_outbox to service_role;
grant execute on function public.page_claim(int) to service_role;
grant execute on function public.page_finish(uuid, boolean, text, double precision) to service_role;
grant select on public.person_notes to authenticated, service_role;
grant execute on function public.add_person_note(uuid, text, uuid) to authenticated;
grant usage on schema public, live to live_speech;
grant select, insert, update, delete on public.speech_rules to service_role;
grant select, insert (pattern, kind, language), delete on public.speech_rules to authenticated;
grant select on public.content_flags to authenticated, service_role;
grant execute on function public.speech_pull(text, text, int) to service_role, live_speech;
grant execute on function public.speech_flag(text, jsonb) to service_role, live_speech;
grant execute on function public.picture_found(text, jsonb) to service_role, live_speech;
grant execute on function public.picture_stored(text, uuid, text, int) to service_role, live_speech;
grant execute on function live.frame_is_awaited(text) to live_speech;
grant execute on function public.console_rooms(text, text, boolean, text, int, int), public.console_people(uuid, text, text, int, int, uuid[]) to authenticated;
grant execute on function public.export_my_data(text, int) to authenticated;
grant execute on function public.ops_listen(uuid, uuid, text, uuid) to service_role;
grant execute on function public.stop_listening(), public.listening_digest(timestamptz) to authenticated;
grant execute on function public.policy_form(), public.change_session_policy(uuid, jsonb, text, jsonb), public.own_session_policy(uuid) to authenticated;
grant execute on function public.estimate_policy(jsonb, uuid, int) to authenticated;
grant select on public.shift_notes to authenticated, service_role;
grant execute on function public.hand_over(text, uuid), public.shift_overview(timestamptz), public.operator_measures(timestamptz, timestamptz) to authenticated;
grant execute on function public.wall_pictures(uuid[]) to authenticated;
grant execute on function public.picture_shown(text, text, uuid, timestamptz, text, text) to service_role, live_speech;
grant execute on function live.my_access(public.live_sessions) to authenticated;
grant execute on function live.card(uuid) to authenticated;
grant select on public.live_now to authenticated;
grant select on public.live_upcoming to authenticated;
grant select on public.my_calls to authenticated;
grant select on public.session_people to authenticated;
grant execute on function public.live_schema_contract() to service_role;
