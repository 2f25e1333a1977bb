package io.cleave.os;

/**
 * The machine code of {@link SigbusGuard}, for x86-64: {@code src/main/native/sigbusguard.c} as {@code scripts/machine-code}
 * has made it. It has no relocations, so it runs wherever it lies, and is mapped for reading and running only.
 */
final class SigbusGuardCode {
    /** The version of gcc that made it. */
    static final String COMPILER = "12.2.0";
    /** Where the signal's handler begins. */
    static final int SIGBUS = 754;
    /** Where its state lies, behind the code. */
    static final int STATE = 8192;
    /** The code. */
    static final String BASE64 = """
            SIn+QboIAAAARTHARTHJuA4AAABIg8//MdIPBUiD+PIPlcAPtsDDMckx0kUxyUiJyEjB4AVIAwXUHwAATItQCEyNQAhMiVYITIsQ
            TIkWTItQEEyJVhBIO34Icir/wkiDPgCNQQFBD0XRPf8PAgBBD57Agfr/DwAAD57ASP/BQYTAdasxwMNIOz5y0U2LAEw7Rgh1yMMP
            tgeNiDz///+D+QF2MzxidC+NiA7///+6AQAAAIP5AXYkg+hAg/gPD5bAMdIPtsAPtgQHLYgAAACD+AMPlsLrBboBAAAAidDDSImK
            gAAAAEiJ8jHJSIn+vwcAAAD/JRAfAABVU0iJ++j+/v//hcB0EUiNewjo8f7//4XAD5XAD7bASI2rAAEAAEg563MzqAF0L0iJ3+hm
            ////hcB1JUiNexC4AQAAAPfH/w8AAHUN6Lf+//+FwA+VwA+2wEj/w+vIMdtIidhbXcNBV0G/AAAAEEFWQVVJic1BVEmJ9FVIidVT
            SIPsGEiLWnhIiXwkCEyNswACAABIid/obf7//4XAdEBIiztMifhMKehIAfhIPf///x92C0iDwwhMOfN11+sh6D3///9IicFIhcB0
            6EiLfCQISInqTInm6Av///+FwHTUSIPEGFtdQVxBXUFeQV/DU7scAAAARTHSRTHARTHJvgAQAAC6EgAAAEiJ2A8FMdJIhcB1D7oT
            AAAASInYDwW6AQAAAInQW8NVSIn9SIn3U0iB5wDw///otP///4XAdAe4AQAAAOtMuwkAAABIi1UQSYPI/0UxyUG6MkAAAL4AEAAA
            SInYDwVIOcd01EiLdQhIi1UQSInYSIHG/w8AAEgp/kiB5gDw//8PBUg5xw+UwA+2wFtdw0FWQb4YAAAAQVVBvQEAAABBVEG8ECcA
            AFVIifVTSIn7RInohwVrHQAAhcB0GzHSRTHSRTHARTHJTInwSInXSInWDwVB/8x12EiJ7kiJ3+g/////xwU3HQAAAAAAAFtdQVxB
            XUFew0FXQVZBVUFUVUiJ9VNIidNIg+w4g34IAkyLdhCJfCQED4WnAAAASI1EJBBMifdIicZIiUQkCOj6/P//SIXAD4SJAAAAugEA
            AABIh1AYSIXSdQtIiwXNHAAA8Ej/AEyLo6gAAABMjXsoTInn6Jb9//9JicVIhcB0LEiJwUyJ+kiJ3kiJ7+hj/f//hcB0F0057HUj
            SIuDqAAAAEwp4EiD+A92E+tHTInhTIn6SIneSInv6Lf9//9MiaOoAAAASIt8JAhMifbo0f7//4XAdR6LfCQESIPEOEiJ2kiJ7ltd
            QVxBXUFeQV//JSMcAABIg8Q4W11BXEFdQV5BX8M=
            """;

    private SigbusGuardCode() {
    }
}
