package io.cleave.cli.doctor;

/**
 * One line of the diagnosis.
 *
 * @param group what it belongs to, such as "kernel"
 * @param name what was looked at
 * @param status how it stands
 * @param value what was found
 * @param remedy what to do about it, empty where it is well
 */
public record Check(String group, String name, Status status, String value, String remedy) {
    /** How something stands. */
    public enum Status {
        /** As it should be. */
        OK,
        /** Cleave works, but less well than it could. */
        WARN,
        /** Something that Cleave needs is not there. */
        MISSING
    }

    static Check ok(String group, String name, String value) {
        return new Check(group, name, Status.OK, value, "");
    }

    static Check warn(String group, String name, String value, String remedy) {
        return new Check(group, name, Status.WARN, value, remedy);
    }

    static Check missing(String group, String name, String value, String remedy) {
        return new Check(group, name, Status.MISSING, value, remedy);
    }

    /** Well, or else one of the others. */
    static Check of(boolean well, Status otherwise, String group, String name, String value, String remedy) {
        return well ? ok(group, name, value) : new Check(group, name, otherwise, value, remedy);
    }
}
