# SPDX-License-Identifier: GPL-2.0
# arrows.awk layers FILES...: every #include of a file of this tree follows the table, and no two
# folders need each other, directly or through others. @files has all files of the tree, a line each.
#
# An include of something that is not in the tree (system headers, generated ones) does not count.

function fail(text)
{
	print text
	bad = 1
}

function dirname(path)
{
	return sub("/[^/]*$", "", path) ? path : "."
}

# Is @path the folder @top, or below it?
function below(path, top)
{
	return path == top || index(path, top "/") == 1
}

# The row of the table that is for @dir; "" when there is none.
function row_of(dir)
{
	while (!(dir in may) && sub("/[^/]*$", "", dir))
		;
	return dir in may ? dir : ""
}

# Is a row other than @row for @dir, or for a folder below it?
function earlier(dir, row,	other)
{
	for (other in may)
		if (other != row && (below(other, dir) || row_of(dir) == other))
			return 1
	return 0
}

# The file of the tree that "@name" or <@name> in @dir means; "" when there is none.
function resolve(dir, name,	i)
{
	if ((dir "/" name) in tree)
		return dir "/" name
	if (name in tree)
		return name
	for (i = 1; i <= nr_paths; i++)
		if ((paths[i] "/" name) in tree)
			return paths[i] "/" name
	return ""
}

function allowed(from, to,	list, n, i)
{
	if (row_of(to) == from)
		return 1
	n = split(may[from], list, " ")
	for (i = 1; i <= n; i++)
		if (below(to, list[i]))
			return 1
	return 0
}

# Walk all that @dir needs; a folder on the way that is met again closes a circle.
function walk(dir, way,		list, n, i)
{
	if (state[dir] == "done")
		return
	if (state[dir] == "open") {
		fail("circle of folders: " way " -> " dir)
		return
	}
	state[dir] = "open"
	n = split(needs[dir], list, " ")
	for (i = 1; i <= n; i++)
		walk(list[i], way == "" ? dir : way " -> " dir)
	state[dir] = "done"
}

BEGIN {
	nr_paths = split("harness/include scenarios/include", paths, " ")
	while ((getline line < files) > 0)
		tree[line] = 1
}

# The table, which is the first file.
FNR == NR {
	sub("#.*", "")
	if (!NF)
		next
	row = $1
	if (!sub(":$", "", row))
		fail(FILENAME ":" FNR ": not \"FOLDER: FOLDERS\"")
	for (i = 2; i <= NF; i++)
		if (!earlier($i, row))
			fail(FILENAME ":" FNR ": no earlier row is for " $i)
	$1 = ""
	may[row] = may[row] $0
	next
}

FNR == 1 {
	dir = dirname(FILENAME)
	row = row_of(dir)
	if (row == "")
		fail(FILENAME ": no row in tests/lint/layers is for this folder")
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
	name = $0
	gsub("^[^\"<]*[\"<]|[\">].*$", "", name)
	to = resolve(dir, name)
	if (to == "" || row == "")
		next
	if (!allowed(row, dirname(to)))
		fail(FILENAME ":" FNR ": " row " must not include " to)
	to = dirname(to)
	if (to != dir && !((dir, to) in known)) {
		known[dir, to] = 1
		needs[dir] = needs[dir] " " to
	}
}

END {
	for (dir in needs)
		walk(dir, "")
	exit bad
}
