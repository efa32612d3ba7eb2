-- Owns: the role of a worker's own lane (LIVE_DATABASE_URL). It may call the agents' functions and nothing else; each is
-- granted beside the function. It cannot sign in until an operator gives it a password, as DEPLOYMENT says.

do $$
begin
  create role live_agent nologin noinherit;
exception
  when duplicate_object or unique_violation then null;  -- a role belongs to the server, not to this database
end;
$$;
grant usage on schema public to live_agent;
