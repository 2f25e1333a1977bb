package io.cleave.pool;

import io.cleave.fork.ChildLife;
import io.cleave.fork.ExitGuard;
import io.cleave.fork.Forks;
import io.cleave.fork.GoneThreads;
import io.cleave.fork.Nursery;
import io.cleave.fork.WholeSupport;
import io.cleave.os.AtExit;
import io.cleave.os.Errno;
import io.cleave.os.Fcntl;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.os.WholeFork;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * How a worker is made of a copy of this JVM. The copy lets go of what is this JVM's, gets streams of its own and calls the
 * main method that a JVM which is started anew begins with, with the same arguments: from there on all is the same.
 */
final class WorkerFork {
    /** Threads that come and go, or hold locks, leave no moment for a fork now and then. */
    private static final int MOST_TRIES = 5;
    private static final long FIRST_NAP_NANOS = 5_000_000;
    private static final int ROUNDS = 20;

    private WorkerFork() {
    }

    /** Throws where this JVM cannot be forked as a whole. */
    static void require() {
        String refusal = WholeSupport.refusal();
        if (refusal != null) {
            throw new UnsupportedOperationException(
                    "startMethod(FORK) needs a JVM that can be forked with all of its own "
                            + "threads, and this one cannot: " + refusal + "; use StartMethod.SPAWN");
        }
    }

    /** What is done once in each JVM: what a worker does first is done here, so that no worker has to load it. */
    static void prepare() {
        Prepared.once();
    }

    private static final class Prepared {
        static final MethodHandle MAIN = find();
        private static boolean done;

        private Prepared() {
        }

        private static MethodHandle find() {
            try {
                Class<?> main = Class.forName(WorkerStart.MAIN, true, WorkerFork.class.getClassLoader());
                return MethodHandles.lookup().findStatic(main, "main",
                        MethodType.methodType(void.class, String[].class));
            } catch (ReflectiveOperationException e) {
                throw new LinkageError("a class that is there cannot be found", e);
            }
        }

        static synchronized void once() {
            if (!done) {
                ExitGuard.install();
                Forks.initialize(List.of(GoneThreads.class));
                ChildLife.rehearse(ROUNDS);
                for (int round = 0; round < ROUNDS; round++) {
                    ChildLife.begin(Integer.MAX_VALUE);
                    ChildLife.renewHandle();
                    new Streams();
                }
                new Nursery().tidy();
                run("rehearse", "plain");
                done = true;
            }
        }
    }

    /** Calls the workers' main method. */
    private static void run(String... arguments) {
        try {
            Prepared.MAIN.invokeExact(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    /**
     * Forks. To be called by a thread that lives as long as any worker: the kernel takes its end for the end of their parent.
     *
     * @param memory the descriptor of what is shared with workers
     * @param place the worker's
     * @throws IOException where there is no pipe to it
     * @throws SystemCallException where this JVM cannot be forked now
     */
    static WorkerProcess start(int memory, int place) throws IOException {
        String[] arguments = {Integer.toString(Unistd.getpid()), Integer.toString(memory), Integer.toString(place),
                "forked"};
        try (Pipe output = Pipe.open(); Pipe errors = Pipe.open()) {
            int pid = fork();
            if (pid == 0) {
                throw live(arguments, output.to, errors.to);
            }
            return new ForkedProcess(pid, output.take(), errors.take());
        }
    }

    private static int fork() {
        int result = 0;
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            if (tries > 0) {
                LockSupport.parkNanos(FIRST_NAP_NANOS << tries);
            }
            result = Forks.fork(true, false);
            boolean isOver = result >= 0 || Forks.isErrno(result) || WholeFork.isForGood(result);
            if (isOver) {
                break;
            }
        }
        if (result < 0) {
            throw Forks.refused(result);
        }
        return result;
    }

    /** What the copy does: it becomes a worker, and ends as one. */
    private static AssertionError live(String[] arguments, int output, int errors) {
        int status = ChildLife.EXIT_BROKEN;
        try {
            Unistd.settle();
            redirect(output, errors);
            ChildLife.begin(3);
            ChildLife.renewHandle();
            ChildLife.becomeWhole();
            LockWatch.begin();
            ExitGuard.arm(WorkerFork::leave);
            Thread thread = Thread.currentThread();
            System.setProperty(WorkerStart.IS_WORKER, "true");
            thread.setName("main");
            thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
            run(arguments); // it ends by System.exit
            status = 0;
        } finally {
            ChildLife.writeOutput();
            Unistd._exit(status); // whatever happened: nothing of the parent's may run here
        }
        return new AssertionError();
    }

    private static void leave(Throwable exit) {
        try {
            ChildLife.writeOutput();
            AtExit.run();
        } finally {
            Unistd._exit(ExitGuard.statusOf(exit)); // whatever happened: the parent's hooks must not run here
        }
    }

    /** Streams as those of a JVM that was started anew, whatever the parent has made of its own. */
    private static void redirect(int output, int errors) {
        int nothing = Fcntl.open("/dev/null", Fcntl.O_RDONLY, 0);
        Unistd.dup3(nothing, 0, 0);
        Unistd.dup3(output, 1, 0);
        Unistd.dup3(errors, 2, 0);
        new Streams().take();
    }

    /** Those of this process's first three descriptors. */
    private record Streams(InputStream in, PrintStream out, PrintStream err) {
        Streams() {
            this(new BufferedInputStream(new FileInputStream(FileDescriptor.in)), to(FileDescriptor.out),
                    to(FileDescriptor.err));
        }

        private static PrintStream to(FileDescriptor descriptor) {
            return new PrintStream(new BufferedOutputStream(new FileOutputStream(descriptor)), true,
                    StandardCharsets.UTF_8); // which is how it is read
        }

        void take() {
            System.setIn(in);
            System.setOut(out);
            System.setErr(err);
        }
    }

    /** The way of a worker's output. */
    private static final class Pipe implements AutoCloseable {
        private final InputStream from;
        private final int to;
        private boolean taken;

        private Pipe(InputStream from, int to) {
            this.from = from;
            this.to = to;
        }

        static Pipe open() throws IOException {
            long ends = Unistd.pipe2(Fcntl.O_CLOEXEC);
            if (ends < 0) {
                throw new SystemCallException("pipe2", (int) -ends,
                        ends == -Errno.EMFILE ? "the limit of open files is reached (ulimit -n)" : "");
            }
            int from = (int) ends;
            int to = (int) (ends >> Integer.SIZE);
            try {
                return new Pipe(new FileInputStream("/proc/self/fd/" + from), to);
            } catch (IOException e) {
                Unistd.close(to);
                throw e;
            } finally {
                Unistd.close(from);
            }
        }

        /** The end to read from, which is then the caller's. */
        InputStream take() {
            taken = true;
            return from;
        }

        @Override
        public void close() throws IOException {
            Unistd.close(to);
            if (!taken) {
                from.close();
            }
        }
    }
}
