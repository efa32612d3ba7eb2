-- Written from moderation/rules/ by tests/unit/test_rule_lists.py.
-- Owns: each audio rule's own part of the policy.

create function live.rule_shapes() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return '{
    "too_loud": {"enabled": true, "threshold_lufs": [-9.0, -40.0, 0.0], "grace_seconds": [2.0, 0.0, 60.0], "weight": [1.0, 0.0, 5.0], "ceiling": "call_human"},
    "scream": {"enabled": true, "threshold_lufs": [-5.0, -40.0, 0.0], "jump_lu": [3.0, 0.0, 6.0], "grace_seconds": [1.0, 0.0, 60.0], "weight": [1.0, 0.0, 5.0], "ceiling": "call_human"},
    "clipping": {"enabled": true, "ratio": [0.01, 0.0001, 1.0], "grace_seconds": [3.0, 0.0, 60.0], "weight": [1.0, 0.0, 5.0], "ceiling": "warning"},
    "howl": {"enabled": true, "threshold_dbfs": [-35.0, -90.0, 0.0], "grace_seconds": [1.0, 0.5, 60.0], "weight": [1.0, 0.0, 5.0], "ceiling": "call_human"},
    "noise": {"enabled": true, "threshold_dbfs": [-45.0, -90.0, 0.0], "grace_seconds": [15.0, 1.0, 300.0]},
    "hum": {"enabled": true, "threshold_dbfs": [-50.0, -90.0, 0.0], "grace_seconds": [15.0, 1.0, 300.0]},
    "dead_air": {"enabled": true, "seconds": [120.0, 10.0, 3600.0], "count_muted": false},
    "not_allowed": {"enabled": true, "threshold_lufs": [-47.0, -70.0, 0.0], "grace_seconds": [2.0, 0.2, 60.0]},
    "not_measurable": {"enabled": true, "grace_seconds": [2.0, 0.5, 60.0], "mute_seconds": [3.0, 1.0, 3600.0], "weight": [1.0, 0.0, 5.0], "ceiling": "call_human"}
  }'::jsonb;
end;
$$;
comment on function live.rule_shapes() is
  'Each audio rule''s own part of the policy: a number as [default, lowest, highest], anything else as its default.';
