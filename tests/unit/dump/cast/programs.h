/* SPDX-License-Identifier: GPL-2.0 */
/* The programs around a case, at the end of its file. */
char _license[] SEC("license") = "GPL";

SEC("struct_ops/init") int init(u64 *args)
{
	struct task_struct *p = (void *)args[0];
	struct ctx *c = find();
	u64 out = 0;

	if (c && p)
		do_init(p, args[1], c, &out);
	return (int)out;
}

#ifdef ONLY_INIT
SEC(".struct_ops.link") struct ops ops = { .init = (void *)init };
#else
SEC("struct_ops/move") int move(u64 *args)
{
	struct task_struct *p = (void *)args[0];
	struct cgroup *from = (void *)args[1];
	struct ctx *c = find();

	if (c && p && from)
		do_move(p, from, c);
	return 0;
}

SEC(".struct_ops.link") struct ops ops = { .init = (void *)init, .move = (void *)move };
#endif
