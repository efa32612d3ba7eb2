"""LiveKit Agents as its documentation shows it: one named agent, started for the rooms that ask for it by name."""

import os

from livekit.agents import AgentServer, JobContext, JobExecutorType, cli

server = AgentServer(job_executor_type=JobExecutorType.THREAD, num_idle_processes=0, port=0, host="127.0.0.1")


@server.rtc_session(agent_name=os.environ["VENDOR_NAME"])
async def entrypoint(ctx: JobContext) -> None:
    await ctx.connect()
    await ctx.room.local_participant.set_attributes({"greeting": "hello"})


if __name__ == "__main__":
    cli.run_app(server)
