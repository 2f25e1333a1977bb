package io.cleave.os;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/** How many processors, and how much memory, this process may use. */
public final class Cpus {
    private Cpus() {
    }

    /**
     * How many processes can usefully compute at once: the least of the processors in the affinity mask, which is within
     * the control group's cpuset; the control group's quota, rounded up; and what the JVM takes for its processors, which
     * {@code -XX:ActiveProcessorCount} bounds.
     *
     * @return at least 1
     */
    public static int usable() {
        int cpus = Runtime.getRuntime().availableProcessors();
        int affinity = Sched.sched_getaffinity();
        if (affinity > 0) {
            cpus = Math.min(cpus, affinity);
        }
        double quota = quota();
        return Math.max(1, quota > 0 ? (int) Math.min(cpus, Math.ceil(quota)) : cpus);
    }

    /**
     * The tightest quota among this process's control group and those above it.
     *
     * @return processors' worth of time, or 0 where there is no limit
     */
    public static double quota() {
        ControlGroup group = ControlGroup.of("cpu");
        OptionalDouble quota = group == null ? OptionalDouble.empty() : group.processors();
        return quota.orElse(0);
    }

    /**
     * The tightest memory limit among this process's control group and those above it.
     *
     * @return bytes, or -1 where there is no limit
     */
    public static long memoryLimit() {
        ControlGroup group = ControlGroup.of("memory");
        OptionalLong limit = group == null ? OptionalLong.empty() : group.memoryLimit();
        return limit.orElse(-1);
    }
}
