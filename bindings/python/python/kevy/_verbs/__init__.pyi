"""The typed methods that the classes of the native module share, by group: for sessions, pipelines and asyncio."""
