# SPDX-License-Identifier: GPL-2.0
# functions.awk -v max=N FILES...: no function has more lines than that, from the '{' in the first
# column to the '}' there.

FNR == 1 {
	start = 0
}

/^\{/ {
	start = FNR
	name = before
}

/^\}/ && start {
	if (FNR - start + 1 > max) {
		print FILENAME ":" start ": " FNR - start + 1 " lines: " name
		bad = 1
	}
	start = 0
}

# The line that says what the function is called: the last one that is not indented.
/^[^ \t{}]/ {
	before = $0
}

END {
	exit bad
}
