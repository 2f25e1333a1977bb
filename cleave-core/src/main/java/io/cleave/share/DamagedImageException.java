package io.cleave.share;

/** An image is not one of a value, or not whole: the reason, for whoever knows where it came from. */
final class DamagedImageException extends Exception {
    private static final long serialVersionUID = 1L;

    DamagedImageException(String reason) {
        super(reason);
    }

    DamagedImageException(String reason, Throwable cause) {
        super(reason, cause);
    }

    /** The reason, as the end of a sentence. */
    String reason() {
        return String.valueOf(getMessage());
    }
}
