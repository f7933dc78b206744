#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# help.sh TOOL DIR: the man pages (DIR/man/man1) and the completions (DIR/completions) of the ktstr
# tool, which generates them from its tables of commands and options.
set -eu
tool=${1:?usage: help.sh TOOL DIR} dir=${2:?usage: help.sh TOOL DIR}

mkdir -p "$dir/man/man1" "$dir/completions"
"$tool" help --man > "$dir/man/man1/ktstr.1"
"$tool" help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | while read -r command; do
	[ "$command" = help ] || "$tool" help --man "$command" > "$dir/man/man1/ktstr-$command.1"
done
"$tool" help --completion bash > "$dir/completions/ktstr.bash"
"$tool" help --completion zsh > "$dir/completions/_ktstr"
"$tool" help --completion fish > "$dir/completions/ktstr.fish"
