// SPDX-License-Identifier: GPL-2.0
/*
 * The vCPU threads: starting, stopping, parking them and waiting for them; see kvm.h for the
 * rules. All transitions are in this file, so the locking can be checked by reading it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "kvm.h"

#define STACK_BYTES	(256 * 1024)
/* When a machine has ended, its vCPUs are kicked out of the guest; none takes longer than this. */
#define END_LIMIT_MS	5000
#define NAMES_BYTES	200

static int kick_signal(void)
{
	return SIGRTMIN;
}

/* The handler has nothing to do: the signal makes KVM_RUN return. */
static void on_kick(int sig)
{
	(void)sig;
}

static void notify(struct kvm_machine *m)
{
	const uint64_t one = 1;

	/* fails only when it is full, that is, readable already */
	(void)!write(m->event_fd, &one, sizeof(one));
}

/* m->lock is held. */
static void set_state(struct kvm_vcpu *v, enum vcpu_state state)
{
	struct kvm_machine *m = v->m;

	if (v->state == VCPU_IN)
		m->nr_in--;
	if (state == VCPU_IN)
		m->nr_in++;
	v->state = state;
	if (!m->nr_in)
		pthread_cond_signal(&m->settled);
}

/*
 * m->lock is held, and the state that the vCPUs must see has been written. A vCPU that is about to
 * enter the guest sees immediate_exit; a vCPU in the guest gets the signal.
 */
static void kick_all(struct kvm_machine *m)
{
	atomic_store(&m->attention, true);
	pthread_cond_broadcast(&m->go);
	for (uint32_t i = 0; i < m->nr_vcpus; i++) {
		struct kvm_vcpu *v = &m->vcpu[i];

		if (v->state != VCPU_IN)
			continue;
		__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		if (!pthread_equal(v->thread, pthread_self()))
			pthread_kill(v->thread, kick_signal());
	}
}

/* m->lock is held. */
static void stop_locked(struct kvm_machine *m)
{
	m->stopping = true;
	kick_all(m);
}

void kvm_vcpus_end(struct kvm_machine *m, enum vm_event_type type, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&m->lock);
	if (!m->ended) {
		m->ended = true;
		m->end_ms = ktstr_now_ms();
		m->end.type = type;
		va_start(ap, fmt);
		vsnprintf(m->end.err.msg, sizeof(m->end.err.msg), fmt, ap);
		va_end(ap);
		stop_locked(m);
	}
	pthread_mutex_unlock(&m->lock);
	notify(m);
}

/* False: this thread has to end. */
static bool may_run(struct kvm_vcpu *v)
{
	struct kvm_machine *m = v->m;
	bool stopping;

	if (!atomic_load(&m->attention))
		return true;
	pthread_mutex_lock(&m->lock);
	if (m->pausing && !m->stopping) {
		set_state(v, VCPU_PARKED);
		while (m->pausing && !m->stopping)
			pthread_cond_wait(&m->go, &m->lock);
		set_state(v, VCPU_IN);
	}
	stopping = m->stopping;
	pthread_mutex_unlock(&m->lock);
	return !stopping;
}

void kvm_vcpu_stop(struct kvm_vcpu *v, int why)
{
	struct kvm_machine *m = v->m;

	pthread_mutex_lock(&m->lock);
	v->watched = why;
	v->ticket = ++m->tickets;
	set_state(v, VCPU_AT_SYNC);
	notify(m);
	while ((v->ticket || m->pausing) && !m->stopping)
		pthread_cond_wait(&m->go, &m->lock);
	v->ticket = 0;
	set_state(v, VCPU_IN);
	pthread_mutex_unlock(&m->lock);
}

/* False: the machine has ended, as this CPU cannot watch what it should. */
static bool take_watches(struct kvm_vcpu *v)
{
	struct kvm_machine *m = v->m;
	unsigned int gen = atomic_load(&m->watch_gen);
	uint64_t watch[VM_NR_WATCHES];
	int r;

	if (v->watch_gen == gen)
		return true;
	pthread_mutex_lock(&m->lock);
	memcpy(watch, m->watch, sizeof(watch));
	pthread_mutex_unlock(&m->lock);
	r = kvm_arch_watch(v->fd, watch);
	if (r)
		kvm_vcpus_end(m, VM_EVENT_ERROR, "vCPU %u: debug registers: %s", v->cpu,
			      strerror(-r));
	v->watch_gen = gen;
	return !r;
}

static void run_until_told(struct kvm_vcpu *v)
{
	while (may_run(v) && take_watches(v)) {
		if (!ioctl(v->fd, KVM_RUN, 0)) {
			if (!kvm_exit_handle(v))
				return;
			continue;
		}
		/* EAGAIN: an AP has got its INIT or SIPI */
		if (errno != EINTR && errno != EAGAIN) {
			kvm_exit_failed(v, errno);
			return;
		}
		/* before may_run() looks at what the kick was for */
		__atomic_store_n(&v->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	}
}

static void *vcpu_main(void *arg)
{
	struct kvm_vcpu *v = arg;
	struct kvm_machine *m = v->m;
	char name[16];

	snprintf(name, sizeof(name), "vcpu-%u", v->cpu);
	pthread_setname_np(pthread_self(), name);
	/* the owner holds the lock until all threads exist and can be kicked */
	pthread_mutex_lock(&m->lock);
	pthread_mutex_unlock(&m->lock);
	if (!v->cpu)
		atomic_store(&m->vm.entry_ns, ktstr_now_ns());
	run_until_told(v);
	pthread_mutex_lock(&m->lock);
	set_state(v, VCPU_OUT);
	m->nr_threads--;
	pthread_mutex_unlock(&m->lock);
	notify(m);
	return NULL;
}

int kvm_vcpus_init(struct kvm_machine *m, uint32_t nr_vcpus, struct ktstr_err *err)
{
	struct sigaction act = { .sa_handler = on_kick };
	pthread_condattr_t attr;

	/* one handler for all machines of the process; it stays, harmless without one */
	sigemptyset(&act.sa_mask);
	sigaction(kick_signal(), &act, NULL);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->go, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->settled, &attr);
	pthread_condattr_destroy(&attr);
	m->vcpu = calloc(nr_vcpus, sizeof(*m->vcpu));
	if (!m->vcpu)
		return ktstr_err(err, ENOMEM, "out of memory");
	m->nr_vcpus = nr_vcpus;
	for (uint32_t i = 0; i < nr_vcpus; i++)
		m->vcpu[i] = (struct kvm_vcpu){ .m = m, .cpu = i, .fd = -1 };
	m->event_fd = fd_high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (m->event_fd < 0)
		return ktstr_err(err, errno, "eventfd: %s", strerror(errno));
	return 0;
}

void kvm_vcpus_free(struct kvm_machine *m)
{
	fd_close(&m->event_fd);
	pthread_cond_destroy(&m->settled);
	pthread_cond_destroy(&m->go);
	pthread_mutex_destroy(&m->lock);
	free(m->vcpu);
}

/* m->lock is held, all signals but the kick are blocked. 0 or -errno. */
static int start_threads(struct kvm_machine *m)
{
	pthread_attr_t attr;
	int r;

	r = -pthread_attr_init(&attr);
	if (r)
		return r;
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (uint32_t i = 0; !r && i < m->nr_vcpus; i++) {
		struct kvm_vcpu *v = &m->vcpu[i];

		r = -pthread_create(&v->thread, &attr, vcpu_main, v);
		if (r)
			break;
		v->has_thread = true;
		m->nr_threads++;
		set_state(v, VCPU_IN);
	}
	pthread_attr_destroy(&attr);
	if (!r)
		kvm_dedicated_threads(m);
	return r;
}

int kvm_vcpus_start(struct kvm_machine *m, struct ktstr_err *err)
{
	sigset_t kick_only, old;
	int r;

	if (m->started)
		return ktstr_err(err, EINVAL, "the machine was already started");
	sigfillset(&kick_only);
	sigdelset(&kick_only, kick_signal());
	pthread_sigmask(SIG_SETMASK, &kick_only, &old);
	pthread_mutex_lock(&m->lock);
	m->started = true;
	r = start_threads(m);
	if (r)
		stop_locked(m);
	pthread_mutex_unlock(&m->lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r) {
		kvm_vcpus_stop(m);
		return ktstr_err(err, -r, "%u vCPU threads: %s", m->nr_vcpus, strerror(-r));
	}
	return 0;
}

void kvm_vcpus_stop(struct kvm_machine *m)
{
	pthread_mutex_lock(&m->lock);
	stop_locked(m);
	pthread_mutex_unlock(&m->lock);
	for (uint32_t i = 0; i < m->nr_vcpus; i++) {
		if (m->vcpu[i].has_thread)
			pthread_join(m->vcpu[i].thread, NULL);
		m->vcpu[i].has_thread = false;
	}
}

/* "3, 17, 18 ...": the vCPUs in VCPU_IN. m->lock is held. */
static void name_running(const struct kvm_machine *m, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < m->nr_vcpus && len < size; i++) {
		int n;

		if (m->vcpu[i].state != VCPU_IN)
			continue;
		if (size - len < 16) {
			snprintf(buf + len, size - len, " ...");
			return;
		}
		n = snprintf(buf + len, size - len, "%s%u", len ? ", " : "", i);
		len += (size_t)n;
	}
}

static void fill_stop(const struct kvm_vcpu *v, struct vm_event *ev)
{
	ev->vcpu = v->cpu;
	ev->type = v->watched == KVM_STOP_SAVE ? VM_EVENT_SAVE :
		   v->watched == KVM_STOP_SYNC ? VM_EVENT_SYNC : VM_EVENT_WATCH;
	ev->watch = v->watched < 0 ? 0 : (unsigned int)v->watched;
}

/* The vCPU that reached its sync point first, or NULL. m->lock is held. */
static struct kvm_vcpu *first_at_sync(struct kvm_machine *m)
{
	struct kvm_vcpu *first = NULL;

	for (uint32_t i = 0; i < m->nr_vcpus; i++) {
		struct kvm_vcpu *v = &m->vcpu[i];

		if (v->state == VCPU_AT_SYNC && v->ticket &&
		    (!first || v->ticket < first->ticket))
			first = v;
	}
	return first;
}

/*
 * Is there an event? The end is one only when no vCPU can change guest memory any more. False:
 * check again when event_fd is readable or, if *@again_ms is set, after that time.
 */
static bool take_event(struct kvm_machine *m, struct vm_event *ev, int *again_ms)
{
	bool found = false;
	char names[NAMES_BYTES];

	*again_ms = -1;
	pthread_mutex_lock(&m->lock);
	if (m->ended && m->nr_threads) {
		*again_ms = ktstr_left_ms(m->end_ms + END_LIMIT_MS);
		if (!*again_ms) {
			name_running(m, names, sizeof(names));
			ev->type = VM_EVENT_ERROR;
			ktstr_err(&ev->err, ETIMEDOUT,
				  "the machine has ended (%.200s), but vCPU %s did not leave the guest within %d ms",
				  m->end.err.msg, names, END_LIMIT_MS);
			found = true;
		}
	} else if (m->ended) {
		*ev = m->end;
		found = true;
	} else if (!m->sync) {
		m->sync = first_at_sync(m);
		if (m->sync) {
			fill_stop(m->sync, ev);
			found = true;
		}
	}
	pthread_mutex_unlock(&m->lock);
	return found;
}

static int min_timeout(int a, int b)
{
	if (a < 0)
		return b;
	return b < 0 || a < b ? a : b;
}

void kvm_vcpus_wait(struct kvm_machine *m, int timeout_ms, int wake_fd, struct vm_event *ev)
{
	int64_t deadline = ktstr_deadline_ms(timeout_ms);
	uint64_t count;
	int again_ms;

	if (!m->started) {
		ev->type = VM_EVENT_ERROR;
		ktstr_err(&ev->err, EINVAL, "the machine was not started");
		return;
	}
	while (!take_event(m, ev, &again_ms)) {
		struct pollfd p[] = {
			{ .fd = m->event_fd, .events = POLLIN },
			{ .fd = wake_fd, .events = POLLIN },
		};
		int r = poll(p, 2, min_timeout(again_ms, ktstr_left_ms(deadline)));

		if (r < 0 && errno != EINTR) {
			ev->type = VM_EVENT_ERROR;
			ktstr_err(&ev->err, errno, "poll: %s", strerror(errno));
			return;
		}
		if (r < 0)
			continue;
		/* emptied before the check, so that no event is missed */
		if (p[0].revents)
			(void)!read(m->event_fd, &count, sizeof(count));
		else if (p[1].revents || !ktstr_left_ms(deadline)) {
			ev->type = VM_EVENT_TIMEOUT;
			return;
		}
	}
}

int kvm_vcpus_continue(struct kvm_machine *m)
{
	int r = -EINVAL;

	pthread_mutex_lock(&m->lock);
	if (m->sync && !m->pausing) {
		m->sync->ticket = 0;
		m->sync = NULL;
		pthread_cond_broadcast(&m->go);
		r = 0;
	}
	pthread_mutex_unlock(&m->lock);
	return r;
}

int kvm_vcpus_watch(struct kvm_machine *m, unsigned int watch, uint64_t kva)
{
	int r = 0;

	pthread_mutex_lock(&m->lock);
	if (!m->sync) {
		r = -EINVAL;
	} else if (m->watch[watch]) {
		r = -EBUSY;
	} else {
		m->watch[watch] = kva;
		atomic_fetch_add(&m->watch_gen, 1);
		/* vCPUs in the guest leave it and enter it again with the registers set */
		for (uint32_t i = 0; i < m->nr_vcpus; i++) {
			if (m->vcpu[i].state != VCPU_IN)
				continue;
			__atomic_store_n(&m->vcpu[i].run->immediate_exit, 1, __ATOMIC_SEQ_CST);
			pthread_kill(m->vcpu[i].thread, kick_signal());
		}
	}
	pthread_mutex_unlock(&m->lock);
	return r;
}

/* m->lock is held. 0 or ETIMEDOUT. */
static int wait_settled(struct kvm_machine *m, int timeout_ms)
{
	const struct timespec end =
		ktstr_ns_timespec(ktstr_now_ns() + (uint64_t)timeout_ms * NSEC_PER_MSEC);
	int r = 0;

	while (m->nr_in && !r)
		r = timeout_ms < 0 ? pthread_cond_wait(&m->settled, &m->lock) :
				     pthread_cond_timedwait(&m->settled, &m->lock, &end);
	return m->nr_in ? r : 0;
}

/* m->lock is held. */
static void unpause(struct kvm_machine *m)
{
	m->pausing = false;
	atomic_store(&m->attention, m->stopping);
	pthread_cond_broadcast(&m->go);
}

int kvm_vcpus_pause(struct kvm_machine *m, int timeout_ms, struct ktstr_err *err)
{
	char names[NAMES_BYTES];
	int r = 0;

	pthread_mutex_lock(&m->lock);
	if (!m->started || m->stopping) {
		r = ktstr_err(err, ESRCH, "pause: the machine does not run");
	} else if (m->pausing) {
		r = ktstr_err(err, EALREADY, "pause: the machine is paused already");
	} else {
		m->pausing = true;
		kick_all(m);
		if (wait_settled(m, timeout_ms)) {
			name_running(m, names, sizeof(names));
			r = ktstr_err(err, ETIMEDOUT, "pause: vCPU %s did not stop within %d ms",
				      names, timeout_ms);
			unpause(m);
		} else if (m->stopping) {
			m->pausing = false;
			r = ktstr_err(err, ESRCH, "pause: the machine has ended");
		}
	}
	pthread_mutex_unlock(&m->lock);
	return r;
}

int kvm_vcpus_resume(struct kvm_machine *m)
{
	int r = -EINVAL;

	pthread_mutex_lock(&m->lock);
	if (m->pausing) {
		unpause(m);
		r = 0;
	}
	pthread_mutex_unlock(&m->lock);
	return r;
}
