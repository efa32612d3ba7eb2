"""A worker's own lane to Postgres, where `LIVE_DATABASE_URL` names one."""
