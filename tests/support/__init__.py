"""What several tests need: models made by hand, a host build, the reference interpreter."""
