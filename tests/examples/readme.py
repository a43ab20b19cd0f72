"""The README as tests see it: sections with their fenced blocks."""

import re
from dataclasses import dataclass, field

from support.servers import ROOT

#: The first line of a program names the file that it is to be saved as.
FILE_NAME = re.compile(r"(?:#|//|/\*) (\w+\.\w+)(?: \*/)?\n")


@dataclass
class Section:
    title: str
    #: Programs by file name.
    programs: dict[str, str] = field(default_factory=dict)
    #: Each block of shell commands, with what it prints where the README shows that.
    commands: list[tuple[str, str | None]] = field(default_factory=list)
    text: str = ""

    def rows(self) -> list[list[str]]:
        """The cells of its table, without the head."""
        lines = [line for line in self.text.splitlines() if line.startswith("|")]
        return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def sections() -> dict[str, Section]:
    """Every section by its title."""
    found = [Section("")]
    fence: str | None = None
    block: list[str] = []
    for line in (ROOT / "README.md").read_text().splitlines(keepends=True):
        if fence is not None and line == "```\n":
            add(found[-1], fence, "".join(block))
            fence, block = None, []
        elif fence is not None:
            block.append(line)
        elif line.startswith("```"):
            fence = line[3:].strip()
        elif line.startswith("#"):
            found.append(Section(line.strip("# \n")))
        else:
            found[-1].text += line
    assert fence is None, "a block of the README is not closed"
    return {section.title: section for section in found}


def add(section: Section, language: str, block: str) -> None:
    if language == "sh":
        section.commands.append((block, None))
    elif language == "text":
        assert section.commands and section.commands[-1][1] is None, f"{section.title}: output of nothing"
        section.commands[-1] = (section.commands[-1][0], block)
    else:
        named = FILE_NAME.match(block)
        assert named, f"{section.title}: the first line of a program names its file: {block[:40]!r}"
        section.programs[named[1]] = block
