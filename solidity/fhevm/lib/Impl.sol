// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {CoprocessorConfig, Host as Impl} from "../../Host.sol";
