from amends_cli.main import main

main()
