"""Names of ours that other programs read. tests/unit/test_agent_settings_and_log.py writes it."""

READ_ELSEWHERE = frozenset(
    [
        "LIVE_API_BURST",
        "LIVE_API_RATE",
        "LIVE_BEAT_SECONDS",
        "LIVE_CPUS",
        "LIVE_DATABASE_URL",
        "LIVE_DRAIN_SECONDS",
        "LIVE_HEALTH_HOST",
        "LIVE_HEALTH_PORT",
        "LIVE_LEASE_SECONDS",
        "LIVE_LOG_FORMAT",
        "LIVE_MEMORY_LIMIT_MB",
        "LIVE_PAGER_SECRET",
        "LIVE_PAGER_URL",
        "LIVE_PUBLIC_LIVEKIT_URL",
        "LIVE_REALTIME",
        "LIVE_RELAY_KEY",
        "LIVE_TEST_EXAMPLES",
        "LIVE_WATCHDOG_SECONDS",
        "LIVE_WATCH_SECONDS",
        "LIVE_WORKER_ID",
    ]
)
