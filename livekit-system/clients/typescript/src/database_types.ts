// Written from the schema by tests/database/test_database_doc.py.

/** Any JSON. */
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

/** What a signed-in person may read, write and call: `createClient<Database>(…)`. Join it with the app's own. */
export type Database = {
  public: {
    Tables: {
      agent_rooms: {
        Row: {
          bot_identity: string;
          claimed_at: string;
          epoch: number;
          lease_expires_at: string;
          offered_at: string | null;
          renewed_at: string | null;
          room: string;
          worker_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      agent_workers: {
        Row: {
          fallen_at: string | null;
          handed: Json;
          lane: string;
          load: number;
          rooms: number;
          seen_at: string;
          takes: boolean;
          worker_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      app_setting_changes: {
        Row: {
          after: Json;
          before: Json;
          changed_at: string;
          key: string;
          n: number;
          reason: string | null;
          requested_by: string | null;
          requested_via: string;
          session_id: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "app_setting_changes_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      app_settings: {
        Row: {
          changed_xid: string;
          description: string;
          key: string;
          updated_at: string;
          updated_by: string | null;
          value: Json;
        };
        Insert: never;
        Update: { value?: Json };
        Relationships: [];
      };
      call_preferences: {
        Row: { calls_from: string; updated_at: string; user_id: string };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      calls: {
        Row: {
          accepted_at: string | null;
          callee_id: string;
          caller_id: string;
          created_at: string;
          desired_xid: string;
          duration_seconds: number | null;
          end_reason: string | null;
          ended_at: string | null;
          id: string;
          livekit_room: string;
          ringing_at: string | null;
          status: string;
          type: string;
          video_wanted_by: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      case_notes: {
        Row: { author_id: string | null; body: string; case_id: string; created_at: string; id: string };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "case_notes_case_id_fkey";
            columns: ["case_id"];
            isOneToOne: false;
            referencedRelation: "moderation_cases";
            referencedColumns: ["id"];
          },
        ];
      };
      chat_rules: {
        Row: {
          created_at: string;
          creator_id: string | null;
          effect: string;
          exact_letters: boolean;
          folded: string;
          id: string;
          is_stem: boolean;
          language: string | null;
          pattern: string;
          scope: string;
        };
        Insert: {
          creator_id?: string | null;
          effect: string;
          exact_letters?: boolean;
          language?: string | null;
          pattern: string;
          scope: string;
        };
        Update: never;
        Relationships: [];
      };
      coin_ledger: {
        Row: {
          balance_after: number;
          created_at: string;
          created_by: string | null;
          delta: number;
          gift_id: string | null;
          id: number;
          kind: string;
          note: string | null;
          reference: string | null;
          session_id: string | null;
          ticket_id: string | null;
          user_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "coin_ledger_gift";
            columns: ["gift_id"];
            isOneToOne: false;
            referencedRelation: "live_gifts";
            referencedColumns: ["id"];
          },
        ];
      };
      coin_wallets: {
        Row: { balance: number; updated_at: string; user_id: string };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      content_flags: {
        Row: {
          case_id: string | null;
          clip_id: string | null;
          created_at: string;
          engine: string;
          from_at: string;
          id: string;
          kind: string;
          patterns: string[];
          score: number | null;
          session_id: string;
          to_at: string;
          user_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "content_flags_case_id_fkey";
            columns: ["case_id"];
            isOneToOne: false;
            referencedRelation: "moderation_cases";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "content_flags_clip_id_fkey";
            columns: ["clip_id"];
            isOneToOne: false;
            referencedRelation: "evidence_clips";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "content_flags_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      creator_debts: {
        Row: { coins: number; created_at: string; creator_id: string; ledger_id: number };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "creator_debts_ledger_id_fkey";
            columns: ["ledger_id"];
            isOneToOne: false;
            referencedRelation: "coin_ledger";
            referencedColumns: ["id"];
          },
        ];
      };
      creator_earned_hours: {
        Row: { coins: number; creator_id: string; hour: string };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      creator_earnings: {
        Row: {
          coins: number;
          created_at: string;
          creator_id: string;
          gift_id: string | null;
          kind: string;
          ledger_id: number;
          session_id: string;
          ticket_id: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "creator_earnings_ledger_id_fkey";
            columns: ["ledger_id"];
            isOneToOne: false;
            referencedRelation: "coin_ledger";
            referencedColumns: ["id"];
          },
        ];
      };
      creator_open_earnings: {
        Row: {
          coins: number;
          creator_id: string;
          earned_at: string | null;
          held: boolean;
          ledger_id: number;
          ticket_id: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "creator_open_earnings_ledger_id_fkey";
            columns: ["ledger_id"];
            isOneToOne: false;
            referencedRelation: "creator_earnings";
            referencedColumns: ["ledger_id"];
          },
        ];
      };
      creator_payouts: {
        Row: {
          coins: number;
          created_at: string;
          creator_id: string;
          id: string;
          note: string | null;
          reference: string;
        };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      erasures: {
        Row: {
          account_deleted_at: string;
          deleted: Json;
          ended: Json;
          finished_at: string;
          kept: Json;
          requested_by: string | null;
          requested_via: string;
          user_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      evidence_access: {
        Row: { act: string; at: string; clip_id: string; id: string; reason: string; user_id: string };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "evidence_access_clip_id_fkey";
            columns: ["clip_id"];
            isOneToOne: false;
            referencedRelation: "evidence_clips";
            referencedColumns: ["id"];
          },
        ];
      };
      evidence_clips: {
        Row: {
          bytes: number | null;
          case_id: string | null;
          created_at: string;
          delete_claimed_at: string | null;
          deleted_at: string | null;
          from_at: string;
          held_by: string | null;
          id: string;
          incident_id: string | null;
          kind: string;
          legal_hold: boolean;
          path: string;
          retention_until: string;
          session_id: string;
          sha256: string | null;
          stored_at: string | null;
          to_at: string;
          user_id: string;
          why: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "evidence_clips_case_id_fkey";
            columns: ["case_id"];
            isOneToOne: false;
            referencedRelation: "moderation_cases";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "evidence_clips_incident_id_fkey";
            columns: ["incident_id"];
            isOneToOne: false;
            referencedRelation: "moderation_incidents";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "evidence_clips_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      gift_catalog: {
        Row: {
          code: string;
          coins: number;
          created_at: string;
          is_active: boolean;
          name_en: string;
          name_tr: string;
          sort_order: number;
          updated_at: string;
        };
        Insert: {
          code: string;
          coins: number;
          created_at?: string;
          is_active?: boolean;
          name_en: string;
          name_tr: string;
          sort_order?: number;
          updated_at?: string;
        };
        Update: {
          code?: string;
          coins?: number;
          created_at?: string;
          is_active?: boolean;
          name_en?: string;
          name_tr?: string;
          sort_order?: number;
          updated_at?: string;
        };
        Relationships: [];
      };
      live_actions: {
        Row: {
          action: string;
          after_end: boolean;
          aspect: string | null;
          automatic: boolean;
          columns: string[];
          description: string;
          expires_after: string | null;
          in_calls: boolean;
          min_rank: number;
          needs_agent: boolean;
          needs_target: boolean;
          params_schema: Json;
          place: number;
          scope: string;
          undone_by: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_actions_undone_by_fkey";
            columns: ["undone_by"];
            isOneToOne: false;
            referencedRelation: "live_actions";
            referencedColumns: ["action"];
          },
        ];
      };
      live_audio_stats: {
        Row: {
          clipped_ratio: number | null;
          loudness_lufs: number | null;
          measured: Json;
          minute: string;
          peak_dbfs: number | null;
          session_id: string;
          talk_seconds: number;
          user_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_audio_stats_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_bans: {
        Row: {
          action_id: string | null;
          by_rank: number;
          created_at: string;
          created_by: string | null;
          creator_id: string | null;
          expires_at: string | null;
          id: string;
          lifted_at: string | null;
          lifted_by: string | null;
          reason: string | null;
          scope: string;
          session_id: string | null;
          user_id: string;
          wanted_until: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_bans_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_events: {
        Row: { created_at: string; id: string; payload: Json; seq: number; session_id: string; type: string };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_events_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_gifts: {
        Row: {
          coins: number;
          created_at: string;
          gift_code: string;
          id: string;
          idempotency_key: string;
          quantity: number;
          sender_id: string;
          seq: number;
          session_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_gifts_gift_code_fkey";
            columns: ["gift_code"];
            isOneToOne: false;
            referencedRelation: "gift_catalog";
            referencedColumns: ["code"];
          },
        ];
      };
      live_media: {
        Row: {
          ended_at: string | null;
          participant_sid: string;
          reported_by: string;
          session_id: string;
          source: string;
          started_at: string;
          user_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_media_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_messages: {
        Row: {
          body: string | null;
          created_at: string;
          deleted_at: string | null;
          deleted_by: string | null;
          held_at: string | null;
          id: string;
          payload: Json;
          sender_avatar: string | null;
          sender_name: string | null;
          session_id: string;
          type: string;
          user_id: string | null;
        };
        Insert: { body?: string | null; id?: string; session_id: string };
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_messages_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_ops: {
        Row: { created_at: string; lead: boolean; note: string | null; user_id: string };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      live_participants: {
        Row: {
          access_ends_at: string | null;
          access_removed: boolean;
          camera_by_rank: number;
          camera_off: boolean;
          chat_by_rank: number;
          chat_muted_until: string | null;
          created_at: string;
          desired_xid: string;
          first_joined_at: string | null;
          folded_until: string | null;
          folded_visits: number;
          free: boolean;
          hand_raised_at: string | null;
          invite_expires_at: string | null;
          invited_by: string | null;
          invited_by_rank: number;
          invited_role: string | null;
          is_online: boolean;
          last_joined_at: string | null;
          left_at: string | null;
          mic_by_all: boolean;
          mic_by_rank: number;
          mic_muted: boolean;
          mic_muted_until: string | null;
          open_visits: number;
          role: string;
          role_by_rank: number;
          session_id: string;
          staff: boolean;
          user_id: string;
          visits: number;
          watch_seconds: number;
          watched: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_participants_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_recording_acts: {
        Row: {
          act: string;
          at: string;
          id: string;
          reason: string | null;
          recording_id: string;
          user_id: string | null;
          via: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_recording_acts_recording_id_fkey";
            columns: ["recording_id"];
            isOneToOne: false;
            referencedRelation: "live_recordings";
            referencedColumns: ["id"];
          },
        ];
      };
      live_recording_consents: {
        Row: {
          agreed_at: string | null;
          created_at: string;
          id: string;
          notice_version: string;
          refused_at: string | null;
          session_id: string;
          user_id: string;
          withdrawn_at: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_recording_consents_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_recording_cuts: {
        Row: {
          created_at: string;
          decided_at: string | null;
          decision: string | null;
          erase_claimed_at: string | null;
          erased_at: string | null;
          from_at: string;
          id: string;
          recording_id: string;
          to_at: string;
          user_id: string | null;
          why: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_recording_cuts_recording_id_fkey";
            columns: ["recording_id"];
            isOneToOne: false;
            referencedRelation: "live_recordings";
            referencedColumns: ["id"];
          },
        ];
      };
      live_recording_parts: {
        Row: {
          asked_at: string;
          bytes: number | null;
          duration_seconds: number | null;
          egress_id: string | null;
          ended_at: string | null;
          error: string | null;
          number: number;
          prefix: string;
          recording_id: string;
          started_at: string | null;
          store: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_recording_parts_recording_id_fkey";
            columns: ["recording_id"];
            isOneToOne: false;
            referencedRelation: "live_recordings";
            referencedColumns: ["id"];
          },
        ];
      };
      live_recording_stops: {
        Row: { creator_id: string; reason: string; stopped_at: string; stopped_by: string | null };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      live_recordings: {
        Row: {
          active_at: string | null;
          begins_at: string;
          bytes: number | null;
          changed_xid: string;
          delete_claimed_at: string | null;
          deleted_at: string | null;
          duration_seconds: number | null;
          errand: number;
          errand_by: string | null;
          errand_until: string | null;
          error: string | null;
          error_code: string | null;
          gaps: Json;
          id: string;
          legal_hold: boolean;
          max_until: string;
          mode: string;
          mp4: boolean;
          prefix: string;
          ready_at: string | null;
          requested_at: string;
          requested_by: string | null;
          requested_via: string;
          retention_until: string | null;
          session_id: string;
          state: string;
          state_at: string;
          stopped_at: string | null;
          unwanted_at: string | null;
          unwanted_why: string | null;
          wanted: boolean;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_recordings_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_roles: {
        Row: {
          arrives: boolean;
          can_publish_sources: string[];
          can_subscribe: boolean;
          context: string;
          grants_below: number;
          name_en: string;
          name_tr: string;
          rank: number;
          role: string;
          staff: boolean;
          token_publishes: boolean;
        };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      live_sessions: {
        Row: {
          access_type: string;
          cancel_reason: string | null;
          chat_mode: string;
          created_at: string;
          creator_id: string;
          desired_xid: string;
          end_reason: string | null;
          ended_at: string | null;
          ends_at: string | null;
          host_left_at: string | null;
          id: string;
          last_seq: number;
          livekit_room: string;
          moderation: Json;
          mute_all_rank: number | null;
          peak_viewers: number;
          pinned_message_id: string | null;
          planned_minutes: number | null;
          price_coins: number | null;
          relayed_seq: number;
          scheduled_at: string | null;
          slow_mode_seconds: number;
          started_at: string | null;
          status: string;
          title: string;
          total_gift_coins: number;
          total_viewers: number;
          type: string;
          viewer_count: number;
        };
        Insert: never;
        Update: { title?: string };
        Relationships: [];
      };
      live_tickets: {
        Row: {
          coins: number;
          created_at: string;
          earned_at: string | null;
          id: string;
          idempotency_key: string;
          recording_id: string | null;
          refund_due_at: string | null;
          refund_reason: string | null;
          refunded_at: string | null;
          session_id: string;
          user_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_tickets_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_visits: {
        Row: {
          agent_leave_reason: string | null;
          agent_left_at: string | null;
          beside: boolean;
          call_id: string | null;
          close_reason: string | null;
          closed_at: string | null;
          join_permission: Json | null;
          join_reported_at: string | null;
          joined_at: string;
          leave_reason: string | null;
          left_at: string | null;
          participant_sid: string;
          session_id: string | null;
          user_id: string;
          webhook_leave_reason: string | null;
          webhook_left_at: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_visits_call_id_fkey";
            columns: ["call_id"];
            isOneToOne: false;
            referencedRelation: "calls";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "live_visits_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      live_vod_plays: {
        Row: {
          id: string;
          last_at: string;
          recording_id: string;
          started_at: string;
          user_id: string;
          watched_seconds: number;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_vod_plays_recording_id_fkey";
            columns: ["recording_id"];
            isOneToOne: false;
            referencedRelation: "live_recordings";
            referencedColumns: ["id"];
          },
        ];
      };
      live_vods: {
        Row: {
          access_type: string;
          chapters: Json;
          created_at: string;
          creator_id: string;
          duration_seconds: number;
          price_coins: number | null;
          published_at: string | null;
          recording_id: string;
          session_id: string;
          taken_down_at: string | null;
          thumbnail: string | null;
          title: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "live_vods_recording_id_fkey";
            columns: ["recording_id"];
            isOneToOne: false;
            referencedRelation: "live_recordings";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "live_vods_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      moderation_actions: {
        Row: {
          action: string;
          after: Json | null;
          applied_at: string | null;
          attempts: number;
          before: Json | null;
          call_id: string | null;
          case_id: string | null;
          claim_expires_at: string | null;
          claimed_at: string | null;
          claimed_by: string | null;
          confirmed_by: string | null;
          connections: string[] | null;
          created_at: string;
          dry_run: boolean;
          enforce_ms: number | null;
          error: string | null;
          error_code: string | null;
          expires_at: string | null;
          id: string;
          n: number;
          params: Json;
          prior: Json | null;
          reason: string | null;
          reason_code: string | null;
          requested_by: string | null;
          requested_rank: number;
          requested_via: string;
          session_id: string | null;
          status: string;
          superseded_by: string | null;
          target_user_id: string | null;
        };
        Insert: {
          action: string;
          call_id?: string | null;
          dry_run?: boolean;
          id?: string;
          params?: Json;
          reason?: string | null;
          reason_code?: string | null;
          session_id?: string | null;
          target_user_id?: string | null;
        };
        Update: never;
        Relationships: [
          {
            foreignKeyName: "moderation_actions_action_fkey";
            columns: ["action"];
            isOneToOne: false;
            referencedRelation: "live_actions";
            referencedColumns: ["action"];
          },
          {
            foreignKeyName: "moderation_actions_call_id_fkey";
            columns: ["call_id"];
            isOneToOne: false;
            referencedRelation: "calls";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "moderation_actions_case_id_fkey";
            columns: ["case_id"];
            isOneToOne: false;
            referencedRelation: "moderation_cases";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "moderation_actions_reason_code_fkey";
            columns: ["reason_code"];
            isOneToOne: false;
            referencedRelation: "reason_codes";
            referencedColumns: ["code"];
          },
          {
            foreignKeyName: "moderation_actions_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "moderation_actions_superseded_by_fkey";
            columns: ["superseded_by"];
            isOneToOne: false;
            referencedRelation: "moderation_actions";
            referencedColumns: ["id"];
          },
        ];
      };
      moderation_appeals: {
        Row: {
          action_id: string;
          answer: string | null;
          created_at: string;
          decided_at: string | null;
          decision: string | null;
          id: string;
          text: string;
          user_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "moderation_appeals_action_id_fkey";
            columns: ["action_id"];
            isOneToOne: false;
            referencedRelation: "moderation_actions";
            referencedColumns: ["id"];
          },
        ];
      };
      moderation_cases: {
        Row: {
          call_id: string | null;
          changed_xid: string;
          claim_expires_at: string | null;
          claimed_by: string | null;
          decision: string | null;
          id: string;
          message_id: string | null;
          opened_at: string;
          reason_code: string | null;
          recording_id: string | null;
          resolved_at: string | null;
          resolved_by: string | null;
          session_id: string | null;
          severity: string;
          sound_kept_since: string | null;
          source: string;
          user_id: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "moderation_cases_call_id_fkey";
            columns: ["call_id"];
            isOneToOne: false;
            referencedRelation: "calls";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "moderation_cases_reason_code_fkey";
            columns: ["reason_code"];
            isOneToOne: false;
            referencedRelation: "reason_codes";
            referencedColumns: ["code"];
          },
          {
            foreignKeyName: "moderation_cases_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      moderation_incidents: {
        Row: {
          action_id: string | null;
          case_id: string | null;
          created_at: string;
          ended_at: string | null;
          id: string;
          measured: Json;
          participant_sid: string | null;
          rule: string;
          session_id: string;
          severity: string;
          started_at: string;
          strikes: number;
          user_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "moderation_incidents_action_id_fkey";
            columns: ["action_id"];
            isOneToOne: false;
            referencedRelation: "moderation_actions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "moderation_incidents_case_id_fkey";
            columns: ["case_id"];
            isOneToOne: false;
            referencedRelation: "moderation_cases";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "moderation_incidents_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
      person_notes: {
        Row: { author_id: string | null; body: string; created_at: string; id: string; user_id: string };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      push_devices: {
        Row: {
          created_at: string;
          id: string;
          installation: string;
          language: string;
          platform: string;
          provider: string;
          seen_at: string;
          token: string;
          user_id: string;
        };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      reason_codes: {
        Row: { code: string; for_reports: boolean; severity: string; text_en: string; text_tr: string };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      relay_keys: {
        Row: {
          kid: string;
          not_after: string;
          not_before: string;
          public_key: string;
          renewed_at: string;
          revoked_at: string | null;
        };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      shift_notes: {
        Row: { author_id: string | null; body: string; created_at: string; id: string };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      speech_rules: {
        Row: { created_at: string; id: string; kind: string; language: string | null; pattern: string };
        Insert: { kind: string; language?: string | null; pattern: string };
        Update: never;
        Relationships: [];
      };
      user_blocks: {
        Row: { blocked_id: string; created_at: string; user_id: string };
        Insert: never;
        Update: never;
        Relationships: [];
      };
      user_reports: {
        Row: {
          call_id: string | null;
          case_id: string | null;
          created_at: string;
          day: string;
          id: string;
          message_id: string | null;
          reason_code: string;
          recording_id: string | null;
          reporter_id: string;
          session_id: string | null;
          text: string | null;
          user_id: string;
          was_there: boolean;
        };
        Insert: never;
        Update: never;
        Relationships: [
          {
            foreignKeyName: "user_reports_call_id_fkey";
            columns: ["call_id"];
            isOneToOne: false;
            referencedRelation: "calls";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "user_reports_case_id_fkey";
            columns: ["case_id"];
            isOneToOne: false;
            referencedRelation: "moderation_cases";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "user_reports_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: false;
            referencedRelation: "live_messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "user_reports_reason_code_fkey";
            columns: ["reason_code"];
            isOneToOne: false;
            referencedRelation: "reason_codes";
            referencedColumns: ["code"];
          },
          {
            foreignKeyName: "user_reports_recording_id_fkey";
            columns: ["recording_id"];
            isOneToOne: false;
            referencedRelation: "live_recordings";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "user_reports_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "live_sessions";
            referencedColumns: ["id"];
          },
        ];
      };
    };
    Views: {
      creator_balances: {
        Row: {
          creator_id: string | null;
          debt_coins: number | null;
          earned_coins: number | null;
          held_coins: number | null;
          paid_coins: number | null;
          payable_coins: number | null;
          waiting_coins: number | null;
        };
        Relationships: [];
      };
      creator_revenue: {
        Row: {
          creator_id: string | null;
          day: string | null;
          gift_coins: number | null;
          refunded_coins: number | null;
          ticket_coins: number | null;
          total_coins: number | null;
        };
        Relationships: [];
      };
      live_now: {
        Row: {
          access_type: string | null;
          creator_avatar: string | null;
          creator_id: string | null;
          creator_name: string | null;
          ends_at: string | null;
          id: string | null;
          price_coins: number | null;
          reason: string | null;
          started_at: string | null;
          title: string | null;
          type: string | null;
          viewer_count: number | null;
        };
        Relationships: [];
      };
      live_replays: {
        Row: {
          access_type: string | null;
          chapters: Json | null;
          creator_avatar: string | null;
          creator_id: string | null;
          creator_name: string | null;
          duration_seconds: number | null;
          id: string | null;
          price_coins: number | null;
          published_at: string | null;
          reason: string | null;
          session_id: string | null;
          thumbnail: string | null;
          title: string | null;
        };
        Relationships: [];
      };
      live_upcoming: {
        Row: {
          access_type: string | null;
          creator_avatar: string | null;
          creator_id: string | null;
          creator_name: string | null;
          had_ticket: boolean | null;
          id: string | null;
          planned_minutes: number | null;
          price_coins: number | null;
          reason: string | null;
          scheduled_at: string | null;
          title: string | null;
          type: string | null;
        };
        Relationships: [];
      };
      moderation_audit: {
        Row: {
          action: string | null;
          action_id: string | null;
          after: Json | null;
          applied_at: string | null;
          before: Json | null;
          call_id: string | null;
          created_at: string | null;
          dry_run: boolean | null;
          enforce_ms: number | null;
          error: string | null;
          error_code: string | null;
          n: number | null;
          params: Json | null;
          reason: string | null;
          reason_code: string | null;
          requested_by: string | null;
          requested_by_username: string | null;
          requested_rank: number | null;
          requested_via: string | null;
          session_id: string | null;
          status: string | null;
          superseded_by: string | null;
          target_user_id: string | null;
          target_username: string | null;
          undone_at: string | null;
          undone_by: string | null;
        };
        Relationships: [];
      };
      my_calls: {
        Row: {
          accepted_at: string | null;
          created_at: string | null;
          duration_seconds: number | null;
          end_reason: string | null;
          ended_at: string | null;
          id: string | null;
          other_avatar: string | null;
          other_id: string | null;
          other_name: string | null;
          outgoing: boolean | null;
          status: string | null;
          type: string | null;
        };
        Relationships: [];
      };
      session_loudness: {
        Row: {
          clipped_ratio: number | null;
          incidents: number | null;
          loudness_lufs: number | null;
          max_short_term_lufs: number | null;
          peak_dbfs: number | null;
          session_id: string | null;
          talk_seconds: number | null;
          user_id: string | null;
        };
        Relationships: [];
      };
      session_people: {
        Row: {
          avatar: string | null;
          camera_off: boolean | null;
          hand_position: number | null;
          hand_raised_at: string | null;
          is_online: boolean | null;
          mic_muted: boolean | null;
          name: string | null;
          role: string | null;
          session_id: string | null;
          user_id: string | null;
        };
        Relationships: [];
      };
      watch_time: {
        Row: {
          creator_id: string | null;
          first_joined_at: string | null;
          last_joined_at: string | null;
          sessions: number | null;
          user_id: string | null;
          watch_seconds: number | null;
        };
        Relationships: [];
      };
    };
    Functions: {
      accept_invite: { Args: { session_id: string }; Returns: Json };
      add_case_note: { Args: { case_id: string; body: string; id?: string | null }; Returns: Json };
      add_person_note: { Args: { user_id: string; body: string; id?: string | null }; Returns: Json };
      adjust_coins: {
        Args: { user_id: string; coins: number; reason: string; p_reference?: string | null };
        Returns: Json;
      };
      appeal: { Args: { action_id: string; text: string }; Returns: Json };
      appeal_inbox: { Args: { limit?: number | null; skip?: number | null }; Returns: Json };
      block_user: { Args: { user_id: string }; Returns: Json };
      buy_ticket: {
        Args: { session_id: string; idempotency_key: string; p_expected_coins?: number | null };
        Returns: Json;
      };
      buy_vod: {
        Args: { recording_id: string; idempotency_key: string; p_expected_coins?: number | null };
        Returns: Json;
      };
      can_join: { Args: { session_id: string }; Returns: Json };
      cancel_action: { Args: { id: string }; Returns: Json };
      cancel_session: { Args: { session_id: string; reason: string }; Returns: Json };
      case_file: { Args: { id: string }; Returns: Json };
      case_inbox: {
        Args: { state?: string | null; limit?: number | null; skip?: number | null };
        Returns: Json;
      };
      change_session_policy: {
        Args: { session_id: string; policy: Json; reason: string; seen?: Json | null };
        Returns: Json;
      };
      change_setting: {
        Args: { key: string; value: Json; reason: string; seen?: string | null };
        Returns: Json;
      };
      claim_case: { Args: { id: string }; Returns: Json };
      confirm_ban: { Args: { ban_id: string }; Returns: Json };
      consent_to_recording: {
        Args: { session_id: string; notice_version: string; agrees?: boolean | null };
        Returns: Json;
      };
      console_people: {
        Args: {
          session_id: string;
          search?: string | null;
          sort?: string | null;
          limit?: number | null;
          skip?: number | null;
          heard?: string[] | null;
        };
        Returns: Json;
      };
      console_rooms: {
        Args: {
          search?: string | null;
          type?: string | null;
          trouble_only?: boolean | null;
          sort?: string | null;
          limit?: number | null;
          skip?: number | null;
        };
        Returns: Json;
      };
      cut_recording: {
        Args: { recording_id: string; from_seconds: number; to_seconds: number };
        Returns: Json;
      };
      decide_appeal: { Args: { id: string; decision: string; answer?: string | null }; Returns: Json };
      decide_cut: { Args: { cut_id: string; decision: string }; Returns: Json };
      decline_invite: { Args: { session_id: string }; Returns: Json };
      delete_my_account: { Args: Record<never, never>; Returns: Json };
      erase_account: { Args: { user_id: string }; Returns: Json };
      estimate_policy: {
        Args: { policy: Json; session_id?: string | null; days?: number | null };
        Returns: Json;
      };
      evidence_notice: { Args: Record<never, never>; Returns: Json };
      explain_access: { Args: { session_id: string; user_id: string }; Returns: Json };
      export_my_data: { Args: { p_table?: string | null; p_skip?: number | null }; Returns: Json };
      find_people: { Args: { search: string; limit?: number | null }; Returns: Json };
      forget_push_device: { Args: { p_installation: string }; Returns: Json };
      hand_over: { Args: { body: string; id?: string | null }; Returns: Json };
      hold_evidence: { Args: { clip_id: string; hold: boolean; reason: string }; Returns: Json };
      hold_recording: { Args: { recording_id: string; hold: boolean; reason: string }; Returns: Json };
      keep_evidence: { Args: { session_id: string; user_id: string; reason?: string | null }; Returns: Json };
      listening_digest: { Args: { since?: string | null }; Returns: Json };
      live_events_since: {
        Args: { session_id: string; after_seq: number; limit?: number | null };
        Returns: Database["public"]["Tables"]["live_events"]["Row"][];
      };
      live_schema: { Args: Record<never, never>; Returns: Json };
      look_at_person: {
        Args: { target_user_id: string; session_id?: string | null; after_n?: number | null };
        Returns: Json;
      };
      look_away: { Args: Record<never, never>; Returns: undefined };
      lower_hand: { Args: { session_id: string; user_id?: string | null }; Returns: Json };
      moderation_measures: { Args: { since: string; until?: string | null }; Returns: Json };
      move_session: { Args: { session_id: string; scheduled_at: string }; Returns: Json };
      my_decisions: { Args: { before?: string | null; limit?: number | null }; Returns: Json };
      my_rights: { Args: { session_id?: string | null }; Returns: Json };
      operator_measures: { Args: { since: string; until?: string | null }; Returns: Json };
      own_session_policy: { Args: { session_id: string }; Returns: Json };
      platform_usage: {
        Args: { p_month?: string | null };
        Returns: {
          month: string;
          plan: string;
          measure: string;
          used: number;
          plan_limit: number;
          ratio: number;
          level: string;
        }[];
      };
      policy_form: { Args: Record<never, never>; Returns: Json };
      preview_action: {
        Args: {
          action: string;
          session_id?: string | null;
          target_user_id?: string | null;
          params?: Json | null;
        };
        Returns: Json;
      };
      preview_actions: {
        Args: { action: string; target_user_ids: string[]; session_id?: string | null; params?: Json | null };
        Returns: Json;
      };
      publish_until: { Args: { person: string }; Returns: string };
      publish_vod: {
        Args: {
          recording_id: string;
          published: boolean;
          title?: string | null;
          access_type?: string | null;
          price_coins?: number | null;
        };
        Returns: Json;
      };
      raise_hand: { Args: { session_id: string }; Returns: Json };
      recording_notice: { Args: Record<never, never>; Returns: Json };
      recording_usage: { Args: Record<never, never>; Returns: Json };
      refund_gift: { Args: { gift_id: string; reason: string }; Returns: Json };
      refund_session: { Args: { session_id: string; reason: string }; Returns: Json };
      refund_ticket: { Args: { ticket_id: string; reason?: string | null }; Returns: Json };
      register_push_device: {
        Args: {
          p_provider: string;
          p_token: string;
          p_installation: string;
          p_platform: string;
          p_language: string;
        };
        Returns: Json;
      };
      release_case: { Args: { id: string }; Returns: Json };
      report_message: {
        Args: { message_id: string; reason_code: string; text?: string | null };
        Returns: Json;
      };
      report_person: {
        Args: {
          user_id: string;
          reason_code: string;
          text?: string | null;
          session_id?: string | null;
          call_id?: string | null;
        };
        Returns: Json;
      };
      report_recording: {
        Args: { recording_id: string; reason_code: string; text?: string | null };
        Returns: Json;
      };
      report_session: {
        Args: { session_id: string; reason_code: string; text?: string | null };
        Returns: Json;
      };
      resolve_case: { Args: { id: string; decision: string; reason_code?: string | null }; Returns: Json };
      revoke_relay_key: { Args: { kid: string }; Returns: Json };
      send_gift: {
        Args: {
          session_id: string;
          gift_code: string;
          quantity: number;
          idempotency_key: string;
          p_expected_coins?: number | null;
        };
        Returns: Json;
      };
      session_performance: {
        Args: { p_session?: string | null };
        Returns: {
          session_id: string;
          creator_id: string;
          title: string;
          status: string;
          started_at: string;
          ended_at: string;
          duration_seconds: number;
          people: number;
          peak_viewers: number;
          watch_seconds: number;
          average_watch_seconds: number;
          messages: number;
          gifts: number;
          gift_coins: number;
          tickets: number;
          ticket_coins: number;
          total_coins: number;
        }[];
      };
      session_policy: { Args: { session_id: string }; Returns: Json };
      set_calls_from: { Args: { calls_from: string }; Returns: Json };
      set_recording_allowed: {
        Args: { creator_id: string; allowed: boolean; reason: string };
        Returns: Json;
      };
      shift_overview: { Args: { since?: string | null }; Returns: Json };
      stop_listening: { Args: Record<never, never>; Returns: Json };
      unblock_user: { Args: { user_id: string }; Returns: Json };
      vod_chat: {
        Args: { recording_id: string; from_seconds?: number | null; max_lines?: number | null };
        Returns: Json;
      };
      vod_figures: {
        Args: { recording_id?: string | null };
        Returns: {
          id: string;
          title: string;
          plays: number;
          people: number;
          watched_seconds: number;
          published_at: string;
          sold: number;
          coins: number;
        }[];
      };
      wall_pictures: { Args: { session_ids: string[] }; Returns: Json };
      watch_levels: { Args: { session_id: string }; Returns: Json };
      withdraw_recording_consent: { Args: { session_id: string }; Returns: Json };
    };
    Enums: Record<never, never>;
    CompositeTypes: Record<never, never>;
  };
};
