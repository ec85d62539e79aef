from support.adbd.fixtures import adb_environment, plug_in

__all__ = ["adb_environment", "plug_in"]
