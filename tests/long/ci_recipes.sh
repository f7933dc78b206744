#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The recipes of docs/ci.md, executed as far as that goes without the services: the YAML parses, the
# shell steps run in a fresh clone (GitHub, Slurm) and in an installed suite (LAVA), limited to so many
# tests that no shard is empty, and what the next step wants of them is there. What LAVA and Slurm bring
# is played here. (intree_test.sh has run_kselftest.sh.)
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
python3 -c 'import yaml' 2> /dev/null || { echo "SKIP: no python3-yaml"; exit 4; }
git rev-parse -q --verify HEAD > /dev/null 2>&1 || { echo "SKIP: not a git checkout"; exit 4; }
PATH=/usr/lib/ccache:/usr/lib64/ccache:$PATH	# where it is installed
export CCACHE_BASEDIR=$tmp
unset OUTPUT
test=equal_cgroups_eevdf

# The code blocks of the page, as NUMBER-LANGUAGE, then the steps that they have.
python3 - docs/ci.md "$tmp" <<'PY' > "$tmp/log" 2>&1
import re, sys, yaml
page, to = open(sys.argv[1]).read(), sys.argv[2]
sections = re.split(r"^## ", page, flags=re.M)
def blocks(title, lang):
    (s,) = [s for s in sections if s.startswith(title)]
    return re.findall(r"^```%s\n(.*?)^```$" % lang, s, flags=re.M | re.S)
(lava,) = blocks("KernelCI and LAVA", "yaml")
steps = yaml.safe_load(lava)["run"]["steps"]
assert all(isinstance(s, str) for s in steps), steps
assert steps[0].startswith("cd "), steps
open(to + "/lava", "w").write("\n".join(steps) + "\n")
(github,) = blocks("A matrix on GitHub", "yaml")
job = yaml.safe_load(github)["jobs"]["test"]
assert all(("run" in s) != ("uses" in s) for s in job["steps"]), job["steps"]
shards = job["strategy"]["matrix"]["shard"]
(run,) = [s["run"] for s in job["steps"] if "run" in s]
assert "--shard ${{ matrix.shard }}/%d " % len(shards) in run, (run, shards)
(up,) = [s for s in job["steps"] if "upload-artifact" in s.get("uses", "")]
assert up["if"] == "always()", up
open(to + "/github", "w").write(run + "\n")
open(to + "/shards", "w").write(" ".join(map(str, shards)) + "\n")
open(to + "/upload", "w").write("\n".join(up["with"]["path"].split()) + "\n")
open(to + "/env", "w").write("".join("%s=%s\n" % e for e in job["env"].items()))
(merge,) = blocks("A matrix on GitHub", "sh")
open(to + "/merge", "w").write(merge)
(slurm,) = blocks("Slurm", "sh")
open(to + "/slurm", "w").write(slurm)
PY
result $? "the page's YAML is that of a test definition and of a workflow" "$tmp/log"

git clone -q . "$tmp/clone" && cd "$tmp/clone" || exit 1

# GitHub: each shard of the matrix, with the variables of the job except the place of the cache
mapfile -t vars < <(grep -v ^XDG_CACHE_HOME= "$tmp/env")
read -ra shards < "$tmp/shards"
for n in "${shards[@]}"; do
	sed -e "s/\${{ matrix.shard }}/$n/" -e "s/run_tests.sh/& -t '${test%_*}_*'/" "$tmp/github" > "$tmp/step"
	env "${vars[@]}" sh -e "$tmp/step" > "$tmp/out" 2> "$tmp/log"
	rc=$?
	mkdir -p "$tmp/artefacts/shard-$n"
	[ $rc = 0 ] && xargs -a "$tmp/upload" ls -d > /dev/null 2>> "$tmp/log" &&
		xargs -a "$tmp/upload" mv -t "$tmp/artefacts/shard-$n" &&
		python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
			"$tmp/artefacts/shard-$n/junit.xml" 2>> "$tmp/log"
	result $? "GitHub: shard $n runs, with results and JUnit to be uploaded" "$tmp/log"
done
cp -r build "$tmp/artefacts/" && cd "$tmp/artefacts" && sh -e "$tmp/merge" > "$tmp/out" 2>&1 &&
	[ "$(grep -c '^ok [0-9]* ktstr/equal_cgroups_' "$tmp/out")" = 4 ] && [ "$(grep -c '<testcase' all.xml)" = 4 ]
result $? "GitHub: the shards are merged" "$tmp/out"
cd "$tmp/clone" || exit 1

# Slurm: two tasks of an array, one after the other
for n in 1 2; do
	sed "s/-t '\*'/-t $test -t equal_cgroups_scx_simple/" "$tmp/slurm" > "$tmp/step"
	env SLURM_SUBMIT_DIR="$PWD" SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=$n SLURM_ARRAY_TASK_COUNT=2 \
		SLURM_CPUS_PER_TASK=1 bash "$tmp/step" > "$tmp/out" 2>&1
	result $? "Slurm: task $n" "$tmp/out"
done
build/ktstr merge runs/7-* > "$tmp/out" 2>&1 && [ "$(grep -c '^ok [0-9]* ktstr/' "$tmp/out")" = 2 ]
result $? "Slurm: the array is merged" "$tmp/out"

# LAVA: its steps are those of one script of sh, which ends with the first that fails
make -s install INSTALL_PATH="$tmp/device/kselftest/sched_ext/ktstr" > "$tmp/log" 2>&1
result $? "LAVA: the suite is installed" "$tmp/log"
mkdir "$tmp/bin" && cat > "$tmp/bin/lava-test-case" <<'SH'
#!/bin/sh
# lava-test-case NAME --shell COMMAND...
name=$1
shift 2
"$@" && echo "$name pass" || echo "$name fail"
SH
chmod +x "$tmp/bin/lava-test-case"
sed "s/ktstr run/& -t $test/; s,/tmp/,$tmp/,g" "$tmp/lava" > "$tmp/step"
(cd "$tmp/device" && PATH=$tmp/bin:$PATH sh -e "$tmp/step") > "$tmp/out" 2>&1
[ $? = 0 ] && grep -q '^ktstr pass$' "$tmp/out" && grep -q "^ok 1 ktstr/$test" "$tmp/out" &&
	grep -q '<testcase' "$tmp/ktstr.xml"
result $? "LAVA: the steps run under sh, and the test case passes" "$tmp/out"
(cd "$tmp/device" && PATH=$tmp/bin:$PATH KTSTR_LOCK_DIR=/none sh -e "$tmp/step") > "$tmp/out" 2>&1
[ $? = 0 ] && grep -q '^ktstr fail$' "$tmp/out"
result $? "LAVA: a run that fails is a test case that fails" "$tmp/out"
finish
