package io.cleave.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The subjects of one work, started one after the other, so that none disturbs another's start, and ended together. */
public final class Cast implements AutoCloseable {
    private final List<SubjectProcess> members = new ArrayList<>();
    private final Progress progress;

    /**
     * Begins without any.
     *
     * @param progress hears of each start
     */
    public Cast(Progress progress) {
        this.progress = progress;
    }

    /**
     * Starts one more.
     *
     * @param name its name in the results
     * @param command its program and arguments
     * @return this
     * @throws IOException where it cannot be started; all are ended then
     */
    public Cast add(String name, List<String> command) throws IOException {
        try {
            members.add(SubjectProcess.start(name, command));
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
        progress.step();
        return this;
    }

    /**
     * All of them.
     *
     * @return in the order of their starts
     */
    public List<SubjectProcess> all() {
        return List.copyOf(members);
    }

    /**
     * Some of them.
     *
     * @param names their names
     * @return in the order of their starts, without those that were not started
     */
    public List<SubjectProcess> some(String... names) {
        List<String> wanted = List.of(names);
        return members.stream().filter(member -> wanted.contains(member.name())).toList();
    }

    @Override
    public void close() {
        members.forEach(SubjectProcess::close);
    }
}
