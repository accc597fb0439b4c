"""How a command ends when it cannot do what was asked: one sentence for the person, one number for the program."""

DONE = 0
ANSWER_IS_NO = 1
WRONG_USE = 2


class CommandFailed(Exception):  # noqa: N818 - named after what happened
    """What was asked was refused or did not work. The message says what is wrong, where, and what to do next."""

    exit_code = ANSWER_IS_NO


class WrongUse(CommandFailed):
    """The command cannot be meant this way, or its input cannot be read."""

    exit_code = WRONG_USE
