package io.cleave.bench.pool;

import io.cleave.bench.Subject;
import io.cleave.bench.SubjectProcess;
import java.io.IOException;
import java.util.List;

/**
 * A subject that is started anew for each round, and so has done nothing before.
 *
 * @param name its name in the results
 * @param command its program and arguments
 */
record FreshProcess(String name, List<String> command) implements Subject {
    @Override
    public double[] measure(String request) throws IOException {
        try (SubjectProcess process = SubjectProcess.start(name, command)) {
            return process.measure(request);
        }
    }
}
