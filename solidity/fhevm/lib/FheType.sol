// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {FheType} from "../../interfaces/IFHEVMExecutor.sol";
