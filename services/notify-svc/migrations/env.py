from amends.upgrades import run_in_env

run_in_env()
