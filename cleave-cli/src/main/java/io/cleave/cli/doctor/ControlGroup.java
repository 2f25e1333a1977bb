package io.cleave.cli.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The control group (version 2) of this process: what it may use of the machine. A limit counts wherever it is set, in
 * the group itself or above it.
 *
 * @param directories the group's directory and those above it, up to where they are mounted
 */
record ControlGroup(List<String> directories) {

    /** The group of this process; empty where there is no such file system, or where it controls nothing. */
    static Optional<ControlGroup> current() {
        return of(SystemFiles.read("/proc/self/mountinfo").orElse(""), SystemFiles.read("/proc/self/cgroup").orElse(""))
                .filter(ControlGroup::controls);
    }

    /** The group by the texts of {@code /proc/self/mountinfo} and {@code /proc/self/cgroup}. */
    static Optional<ControlGroup> of(String mountinfo, String table) {
        Optional<String> root = SystemFiles.mounts(mountinfo).stream().filter(mount -> mount.type().equals("cgroup2"))
                .map(SystemFiles.Mount::place).findFirst();
        Optional<String> path = table.lines().filter(line -> line.startsWith("0::")).map(line -> line.substring(3))
                .findFirst();
        return root.isEmpty() || path.isEmpty() ? Optional.empty()
                : Optional.of(new ControlGroup(above(root.get(), path.get())));
    }

    private static List<String> above(String root, String path) {
        List<String> directories = new ArrayList<>();
        for (String at = path; at.length() > 1; at = at.substring(0, at.lastIndexOf('/'))) {
            directories.add(root + at);
        }
        directories.add(root);
        return directories;
    }

    private boolean controls() {
        return SystemFiles.read(directories.getLast() + "/cgroup.controllers")
                .filter(names -> names.contains("memory") || names.contains("cpu")).isPresent();
    }

    /** The tightest quota of {@code cpu.max}, in processors' worth of time. */
    OptionalDouble processors() {
        return directories.stream().map(directory -> SystemFiles.read(directory + "/cpu.max"))
                .flatMap(Optional::stream).map(ControlGroup::quota).flatMapToDouble(OptionalDouble::stream).min();
    }

    /** The tightest value of a file such as {@code memory.max}. */
    OptionalLong limit(String file) {
        return directories.stream().map(directory -> SystemFiles.read(directory + "/" + file))
                .flatMap(Optional::stream).filter(text -> text.matches("[0-9]+")).mapToLong(Long::parseLong).min();
    }

    /** The quota in a text such as {@code "150000 100000"}; empty for "max". */
    static OptionalDouble quota(String text) {
        String[] words = text.split("\\s+", -1);
        if (words.length == 0 || !words[0].matches("[0-9]+")) {
            return OptionalDouble.empty();
        }
        double period = words.length > 1 ? Double.parseDouble(words[1]) : 100_000;
        return OptionalDouble.of(Double.parseDouble(words[0]) / period);
    }
}
